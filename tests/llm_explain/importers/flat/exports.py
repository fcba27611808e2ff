"""Small exports in the formats of shop systems, as text."""
# ruff: noqa: E501  headers are as long as the systems write them

SHOPIFY_ORDERS = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,Total,Discount Code,\
Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,\
Billing Name,Billing City,Created at,Cancelled at,Vendor,Id,Tags,Source
#1001,ann@shop.test,paid,2025-05-01 10:00:05 -0500,fulfilled,no,EUR,13.00,0,13.00,,\
1,Stoneware mug - Blue,5.00,,MUG-B,true,Ann A,Bern,2025-05-01 10:00:00 -0500,,Alba,111,,web
#1001,ann@shop.test,,,,,,,,,,2,Green tea,4.00,,TEA-G,true,,,2025-05-01 10:00:00 -0500,,Boreal,,,
#1002,bob@shop.test,refunded,2025-05-02 10:00:05 -0500,,no,EUR,4.00,0,4.00,,\
1,Green tea,4.00,,TEA-G,true,Bob B,Rom,2025-05-02 10:00:00 -0500,2025-05-03 09:00:00 -0500,Boreal,112,,pos
#1003,,paid,2025-05-04 10:00:05 -0500,,no,EUR,4.00,0,4.00,,\
1,Green tea,4.00,,TEA-G,true,,,2025-05-04 10:00:00 -0500,,Boreal,113,,pos
"""

SHOPIFY_PRODUCTS = """\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,\
Variant Grams,Variant Price,Image Src,Image Position,Gift Card,SEO Title,Status
stoneware-mug,Stoneware mug,<p>Made &amp; fired<br>by hand</p>,Alba,Home & Garden > Kitchen > Mugs,mugs,new,true,Color,Blue,\
MUG-B,300,5.00,https://cdn.test/1.jpg,1,false,,active
stoneware-mug,,,,,,,,,Red,MUG-R,300,5.50,https://cdn.test/2.jpg,2,,,
stoneware-mug,,,,,,,,,,,,,https://cdn.test/3.jpg,3,,,
green-tea,Green tea,<p>Good</p>,Boreal,,teas,,true,Title,Default Title,TEA-G,100,4.00,https://cdn.test/4.jpg,1,false,,archived
"""

WOOCOMMERCE_ORDERS = """\
Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Email (Billing),Customer User ID,\
Payment Method Title,Order Total Amount,SKU,Item #,Item Name,Quantity,Item Cost,Coupon Code
501,wc-completed,2025-03-01 12:30,,Ann,ann@shop.test,7,Card,22,MUG-B,1,Stoneware mug,2,8,
501,wc-completed,2025-03-01 12:30,,Ann,ann@shop.test,7,Card,22,,2,Gift box,1,6,
502,wc-cancelled,2025-03-02 09:00,,Bob,bob@shop.test,0,Card,8,MUG-B,1,Stoneware mug,1,8,
503,wc-completed,2025-03-03 09:00,,Ann,ann@shop.test,0,Card,8,MUG-B,1,Stoneware mug,1,8,
"""

WOOCOMMERCE_PRODUCTS = """\
ID,Type,SKU,Name,Published,"Is featured?",Short description,Description,"In stock?",Stock,Sale price,Regular price,\
Categories,Tags,Images,Parent
11,simple,MUG-B,Stoneware mug,1,0,Short,Long &amp; wide,1,5,7.50,8,"Home > Kitchen > Mugs, Sale",,https://cdn.test/1.jpg,
12,simple,,Gift box,1,0,,,0,0,,6,Uncategorized,,,
"""

MAGENTO_PRODUCTS = """\
sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,price,special_price,\
visibility,product_online,created_at,base_image,manufacturer
24-MB01,,Bag,simple,"Default Category/Gear,Default Category/Gear/Bags",base,Joust Duffle Bag,<p>Big</p>,34.00,,\
"Catalog, Search",1,"1/20/25, 9:00 AM",/m/b.jpg,Alba
24-WG01,,Default,simple,Default Category/Gear/Fitness Equipment,base,Yoga Strap 6',,14.00,12.00,"Catalog, Search",2,\
"1/21/25, 9:00 AM",,
"""

MAGENTO_ORDER_ITEMS = """\
item_id,order_id,increment_id,customer_id,customer_email,created_at,sku,name,qty_ordered,qty_refunded,qty_canceled,price,\
row_total,status
1,1,000000101,5,ann@shop.test,2025-02-01 08:00:00,24-MB01,Joust Duffle Bag,3.0000,1.0000,0.0000,34.0000,102.0000,complete
2,1,000000101,5,ann@shop.test,2025-02-01 08:00:00,24-WG01,Yoga Strap 6',1.0000,0.0000,0.0000,14.0000,14.0000,complete
3,2,000000102,,bob@shop.test,2025-02-02 08:00:00,24-WG01,Yoga Strap 6',1.0000,0.0000,1.0000,14.0000,14.0000,canceled
"""

GA4_LINES = """\
{"event_date":"20250101","event_timestamp":"1735689600123456","event_name":"session_start","user_pseudo_id":"11.22","items":[]}
{"event_date":"20250101","event_timestamp":"1735689660123456","event_name":"view_item","user_pseudo_id":"11.22",\
"event_params":[{"key":"page","value":{"string_value":"x"}}],"device":{"category":"mobile"},"platform":"WEB",\
"items":[{"item_id":"S1","item_name":"Mug","item_brand":"Alba","item_category":"Kitchen","item_category2":"Mugs",\
"price":5.0,"quantity":null}]}
{"event_date":"20250101","event_timestamp":"1735689720123456","event_name":"purchase","user_pseudo_id":"11.22",\
"user_id":"u9","ecommerce":{"transaction_id":"T1","purchase_revenue":14.0},"platform":"WEB",\
"items":[{"item_id":"S1","item_name":"Mug","item_brand":"Alba","item_category":"Kitchen","item_category2":"Mugs",\
"price":5.0,"quantity":2},{"item_id":"S2","item_name":"Tea","item_brand":"(not set)","item_category":"(not set)",\
"price":4.0,"quantity":1}]}
"""

RETAILROCKET_EVENTS = """\
timestamp,visitorid,event,itemid,transactionid
1433221332117,257597,view,355908,
1433224214164,992329,addtocart,248676,
1433224214999,992329,transaction,248676,4000
"""

RETAILROCKET_PROPERTIES = """\
timestamp,itemid,property,value
1431226800000,355908,categoryid,1338
1431831600000,355908,available,0
1432436400000,355908,available,1
1431226800000,248676,888,1116713 960601 n277.200
"""

PERSONALIZE_INTERACTIONS = """\
USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE
1,i1,1556642434,Watch,
2,i2,1556642500,Click,0.5
"""

PERSONALIZE_ITEMS = """\
ITEM_ID,GENRES,CREATION_TIMESTAMP,PRICE
i1,Action|Drama,1540000000,3.50
i2,Comedy,1540000001,
"""

INSTACART_ORDERS = """\
order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order
21,1,prior,1,2,08,
22,1,prior,2,3,07,15.0
31,2,prior,1,5,10,
"""
INSTACART_LINES = """\
order_id,product_id,add_to_cart_order,reordered
21,196,1,0
22,196,1,1
22,14084,2,0
31,196,1,0
"""
INSTACART_PRODUCTS = """\
product_id,product_name,aisle_id,department_id
196,Soda,77,7
14084,Organic Unsweetened Vanilla Almond Milk,91,16
9,Lone,77,7
"""
INSTACART_AISLES = "aisle_id,aisle\n77,soft drinks\n91,soy lactosefree\n"
INSTACART_DEPARTMENTS = "department_id,department\n7,beverages\n16,dairy eggs\n"

MOVIELENS_DAT = "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n3::661::2::978298500\n"
MOVIELENS_MOVIES_DAT = '661::James and the Giant Peach (1996)::Animation|Children\'s|Musical\n1193::One Flew Over the "Nest" (1975)::Drama\n2::Jumanji (1995)::Adventure\n'

RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850.0,United Kingdom
536365,22492,SET/10 LOVE LONDON CANDLES,2,12/1/2010 8:26,1.25,17850.0,United Kingdom
536370,POST,POSTAGE,3,12/1/2010 8:45,18.00,12583.0,France
536371,22492,SET/10 LOVE LONDON CANDLES,4,12/13/2010 9:00,1.25,13748.0,United Kingdom
C536379,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-6,12/14/2010 9:41,2.55,17850.0,United Kingdom
C536380,22492,SET/10 LOVE LONDON CANDLES,-1,12/15/2010 9:41,1.25,13748.0,United Kingdom
C536381,21777,UNION JACK LED CLOCK,-1,12/15/2010 9:45,7.95,13748.0,United Kingdom
536390,21777,damaged,-8,12/16/2010 9:00,0.0,,United Kingdom
536391,M,Manual,1,12/16/2010 10:00,5.00,13748.0,United Kingdom
"""
