"""Five hundred strings that were made to break a page."""

from __future__ import annotations

from itertools import product

MARKUP = (
    "<script>pwned('{0}')</script>",
    "<img src=x onerror=pwned({0})>",
    "<svg onload=pwned({0})><use href=#icon-close>",
    "</p></li></ol></main><h1 style=position:fixed;inset:0>{0}",
    "<iframe srcdoc='<script>parent.pwned({0})</script>'></iframe>",
    "<style>*{{display:none}}</style>{0}",
    "<link rel=stylesheet href=//127.0.0.1:1/{0}.css>",
    "<base href=//127.0.0.1:1/>{0}",
    "<meta http-equiv=refresh content=0;url=//127.0.0.1:1/{0}>",
    "<form action=javascript:pwned({0})><button>send</button></form>",
    "<a href=javascript:pwned({0})>click</a>",
    "<input autofocus onfocus=pwned({0})>",
    "<details open ontoggle=pwned({0})>",
    "<div id=app class=cover popover>{0}</div>",
    "<template><script>pwned({0})</script></template>",
    "<math><mtext></table><img src onerror=pwned({0})>",
)
FRAMES = (
    "{}", '">{}', "'>{}", "-->{}<!--", "]]>{}", "`{}`", "${{{}}}", "{{{{{}}}}}", "\\u003c{}",
    "&lt;{}&gt;", "javascript:/*--></title></style></textarea></script>{}", "/{} //",
    '","type":"welcome","x":"{}', "*/{}/*", "{}\\", "data:text/html,{}",
)  # fmt: skip

BIDI = "\u202e\u202d\u202a\u202b\u2066\u2067\u2068\u200f\u200e\u061c"
SCRIPTS = (
    "\u0634\u0643\u0631\u0627 \u062c\u0632\u064a\u0644\u0627 (123) abc",
    "\u05e9\u05dc\u05d5\u05dd, world! 1, 2, 3",
    "\u6f22\u5b57\u304b\u306a\u4ea4\u3058\u308a\u6587" * 40,
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22" * 60,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 80,
    "\U0001f1e6" * 300,
    "\ufdfd" * 60,
    "\U0001242b" * 60,
    "a" + "\u0300\u0315\u0334\u035c\u0489" * 60,
    "\u115f\u1160\u3164\uffa0 filler",
    "\u200b\u200c\u200d\u2060\ufeff zero",
    "W" * 4000,
    "-" * 4000,
    "https://example.org/" + "a" * 3000,
    " " * 200 + "far right",
    "\u00a0" * 800 + "no break",
    "\t" * 100 + "tabs",
    "line\u2028separator\u2029paragraph\u0085next",
    "\x1b[31mred\x1b]0;title\x07 \x9b31m",
    "\ufffe\uffff\U0010ffff\ue000",
    "__proto__",
    "constructor",
    "[object Object]",
    "null",
    "NaN",
    "hasOwnProperty",
    "#room @ada ada:",
    "%00%0a%0d%s%n",
)


def strings() -> list[str]:
    """Give the strings, each different from all others."""
    made = [
        frame.format(markup.format(number))
        for number, (frame, markup) in enumerate(product(FRAMES, MARKUP))
    ]
    wrapped = [f"{mark}{text}{mark}" for mark in BIDI for text in SCRIPTS[:22]]
    # A slash at the beginning would be a command at other doors, and here it is text.
    found = [*made, *SCRIPTS, *wrapped][:504]
    return [f"{number} {text}"[:1000] for number, text in enumerate(found)]


NAMES = (
    "constructor",
    "__proto__",
    "toString",
    "null",
    "\u0634\u0643\u0631\u0627",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u6f22\u5b57",
    "W" * 32,
    "x{y}",
    "[a]",
    "`b`",
    "a|b",
)
"""Nicknames that the chat allows."""
