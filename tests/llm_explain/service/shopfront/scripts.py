"""Titles, brands and categories that would run a script, or change the page, if a page took them for markup."""

from __future__ import annotations

RUN = "window.ran=(window.ran||0)+1"

_BREAKS = ("", '"', "'", '">', "'>", "</h3>", "</option></select>", "--></template>", "]]>", "\\u003c/script>")
"""What ends the place that a text stands in."""

_ATTACKS = (
    f"<script>{RUN}</script>",
    f"<script src=data:text/javascript,{RUN}></script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    f'<iframe src="javascript:parent.{RUN}"></iframe>',
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<marquee onstart={RUN}>",
    f'<object data="javascript:{RUN}">',
    f'<embed src="javascript:{RUN}">',
    f'<a href="javascript:{RUN}" autofocus>x</a>',
    f'<form><button formaction="javascript:{RUN}">x</button></form>',
    f"<math><mtext></mtext><mglyph><style><img src=x onerror={RUN}>",
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    "<style>@import 'data:text/css,*{background:red}';*{display:none}</style>",
    "<link rel=stylesheet href='data:text/css,*{display:none}'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    "<base href='https://evil.example/'>",
    f"<why-this item=x user=x onclick={RUN}>",
    f" onmouseover={RUN} x=",
    f"javascript:{RUN}",
    f"${{{RUN}}}",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"&lt;img src=x onerror={RUN}&gt;",
    f"<template><script>{RUN}</script></template>",
    f"\u202e<img/src=x/onerror={RUN}>\u0000",
)

PAYLOADS = tuple(f"{end}{attack}" for end in _BREAKS for attack in _ATTACKS)
"""Every attack after every end: 320."""
