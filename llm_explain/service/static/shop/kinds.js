/** Which picture and hue a category has. The first row whose words the category has decides; any other gets a basket. */

const ROWS = [
  ["banana", 95, /banana|tropical/],
  ["berry", 12, /berr/],
  ["grapes", 320, /grape/],
  ["citrus", 75, /citrus|orange|lemon/],
  ["apple", 28, /apple|fruit|pear|melon|peach/],
  ["carrot", 55, /carrot/],
  ["onion", 340, /onion|garlic|potato/],
  ["bowl", 40, /soup|stew|ramen|cereal|oatmeal|chili|dinner|heat-and-serve|prepared/],
  ["jar", 20, /tomato sauce|pasta sauce|pickle|relish|condiment|sauce|jelly|dressing|salsa|dip|gravy|mayonnaise/],
  ["leaf", 140, /salad|lettuce|vegetable|produce|herb|pepper|tomato|organic|natural/],
  ["tin", 150, /canned|bean/],
  ["snow", 225, /frozen (?:vegetable|seafood|meat|potato|bread|breakfast)/],
  ["pizza", 35, /pizza/],
  ["ice", 350, /ice cream|frozen treat|frozen dessert/],
  ["cup", 45, /coffee|\btea\b|cocoa/],
  ["egg", 80, /\begg/],
  ["cheese", 85, /cheese/],
  ["milk", 235, /milk|cream|dairy|yogurt|margarine|butter(?!milk)/],
  ["poultry", 45, /chicken|turkey|poultry/],
  ["fish", 210, /fish|seafood|shrimp|crab/],
  ["sausage", 18, /sausage|hot dog|bacon|lunch meat|deli meat|ham\b/],
  ["meat", 15, /beef|pork|meat|lamb|steak/],
  ["donut", 355, /donut|pastr|snack cake|sweet roll|muffin/],
  ["cake", 345, /cake|frosting|baking mix/],
  ["cookie", 60, /cookie|cracker/],
  ["bread", 65, /bread|bun|roll|bagel|bakery|dough|tortilla(?! chip)/],
  ["candy", 330, /candy|gum|chocolate|pudding|gelatin|sweetener|sugar/],
  ["bag", 50, /chip|snack|popcorn|pretzel|nut\b|nuts/],
  ["beer", 70, /beer|ale\b|cooler/],
  ["wine", 355, /wine|liquor|spirit|cocktail/],
  ["glass", 60, /juice|drink mix|punch|lemonade/],
  ["can", 5, /soft drink|soda|cola/],
  ["bottle", 200, /water|sports drink|drink|beverage/],
  ["oil", 90, /\boils?\b|shortening|vinegar/],
  ["shaker", 30, /spice|season|salt|extract|baking suppl/],
  ["box", 75, /pasta|rice|boxed|side|macaroni|flour|mix|international|meal/],
  ["roll", 245, /toilet|paper|tissue|napkin|towel|foil|wrap|tableware|trash|bags/],
  ["spray", 190, /clean|detergent|laundry|freshener|bleach|dish|household|insect/],
  ["paw", 40, /\bpet|\bdog|\bcat\b|bird/],
  ["cross", 180, /vitamin|pain|cold and flu|remed|medic|first aid|health|nutrition|digest/],
  ["pump", 290, /soap|shampoo|hair|skin|lotion|deodorant|dental|cosmetic|makeup|shav|care|baby|diaper|body/],
  ["flower", 335, /flower|floral|plant|garden|candle/],
  ["book", 265, /book|magazine|newspaper|movie|card/],
  ["pencil", 255, /stationery|school|office|toy|game|kitchen|gadget/],
  ["gift", 300, /christmas|halloween|holiday|easter|party|gift|seasonal|items/],
];

/** Return a number that is always the same for the same text. */
export function hash(text) {
  let value = 2166136261;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 16777619) >>> 0;
  return value;
}

/** Return the picture's name and the hue of a category; an unknown category keeps a hue of its own. */
export function kindOf(category) {
  const found = ROWS.find(([, , words]) => words.test(category.toLowerCase()));
  return found ? { picture: found[0], hue: found[1] } : { picture: "basket", hue: hash(category) % 360 };
}
