/// How pages look, in light and dark, on paper and on a phone.
///
/// Colours mean something or are not there: one for each way a stage can stand, as letters of `Standing` name them (`f`
/// finished, `r` running, `x` failed and so on), and eight for series that stay apart for those who see fewer of them (Okabe
/// and Ito 2008), `k0` to `k7`.
enum Style {
    static let sheet: HTML = colours + text + tables + drawings + places + media

    private static let colours: HTML = """
        :root { color-scheme: light dark;
          --bg: #fff; --panel: #f6f7f9; --text: #1b1f24; --soft: #57606a; --line: #dfe3e8; --link: #0a58b0;
          --f: #2a7a4b; --r: #0a6ccf; --w: #8b949e; --x: #b9251c; --a: #b9251c; --b: #8f5a00; --c: #6e7781; --i: #6f42b8;
          --tint: #2a7a4b; --warn: #8f5a00;
          --k0: #0072b2; --k1: #c04f00; --k2: #00805c; --k3: #b04a86; --k4: #8a6d00; --k5: #2b8cbe; --k6: #6a51a3; --k7: #444; }
        @media (prefers-color-scheme: dark) { :root {
          --bg: #121519; --panel: #1a1f25; --text: #e4e8ec; --soft: #9aa5b1; --line: #2d343c; --link: #79b8ff;
          --f: #4fbf7f; --r: #58a6ff; --w: #768390; --x: #ff7b72; --a: #ff7b72; --b: #e3a33a; --c: #8b949e; --i: #b692f6;
          --tint: #3fae70; --warn: #e3a33a;
          --k0: #56b4e9; --k1: #ff9455; --k2: #2fc79b; --k3: #e59ac8; --k4: #e6c84a; --k5: #8ecdf2; --k6: #b9a3f0; --k7: #ccc; } }

        """

    private static let text: HTML = """
        * { box-sizing: border-box }
        html { font: 14px/1.45 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
          background: var(--bg); color: var(--text); -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
        body { margin: 0 }
        a { color: var(--link); text-decoration: none }
        a:hover { text-decoration: underline }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px }
        main:focus { outline: none }
        header, main { max-width: 1240px; margin: 0 auto; padding: 0 20px }
        main { padding-bottom: 48px }
        .skip { position: absolute; left: -999px } .skip:focus { position: static }
        header nav { display: flex; flex-wrap: wrap; gap: 2px 18px; align-items: baseline; padding: 12px 0 9px;
          border-bottom: 1px solid var(--line) }
        header nav a { color: var(--soft); padding: 2px 0 } header nav a:hover { color: var(--text); text-decoration: none }
        header nav a[aria-current] { color: var(--text); font-weight: 600; box-shadow: 0 11px 0 -9px var(--link) }
        header nav .brand { color: var(--text); font-weight: 700; letter-spacing: -.01em; margin-right: 6px }
        header nav .sweeps { margin-left: auto; position: relative }
        h1 { font-size: 21px; line-height: 1.25; letter-spacing: -.01em; margin: 20px 0 2px; overflow-wrap: anywhere }
        h2 { font-size: 15px; margin: 30px 0 8px; overflow-wrap: anywhere }
        h3 { font-size: 13px; margin: 18px 0 6px; overflow-wrap: anywhere }
        p { margin: 6px 0; max-width: 92ch; overflow-wrap: anywhere }
        .soft, .notes { color: var(--soft) }
        .notes { font-size: 12.5px; padding: 0; margin: 8px 0 0; list-style: none; max-width: 105ch }
        .notes li { margin: 3px 0; padding-left: 12px; text-indent: -12px; overflow-wrap: anywhere } .notes li::before { content: "· " }
        .lead { font-size: 15px; margin: 10px 0 }
        .warn { border-left: 3px solid var(--warn); padding: 5px 12px; background: var(--panel); margin: 12px 0; max-width: 105ch }
        code, pre, .key { font: 12px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
        pre { background: var(--panel); padding: 10px 12px; overflow: auto; max-height: 420px; margin: 8px 0; border-radius: 4px; tab-size: 4 }
        summary { cursor: pointer; color: var(--link) } details { margin: 8px 0 }
        .badge { white-space: nowrap; font-weight: 600; font-size: 12.5px } .badge i { font-style: normal }
        .badge.f { color: var(--f) } .badge.r { color: var(--r) } .badge.w { color: var(--soft) } .badge.x, .badge.a { color: var(--x) }
        .badge.b { color: var(--b) } .badge.c { color: var(--c) } .badge.i { color: var(--i) }
        .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }

        """

    private static let tables: HTML = """
        .box { overflow-x: auto; margin: 8px 0; position: relative; max-width: 100% }
        table { border-collapse: collapse; min-width: min(100%, 430px); font-variant-numeric: tabular-nums; font-size: 13px }
        caption { text-align: left; padding: 0 0 6px; color: var(--soft); font-size: 12.5px }
        th, td { padding: 4px 12px 4px 0; text-align: left; vertical-align: baseline; white-space: nowrap }
        th { font-weight: 600 } thead th { color: var(--soft); font-weight: 500; font-size: 12.5px; border-bottom: 1px solid var(--line) }
        tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent) }
        tbody th { font-weight: 500 }
        .box tbody th:first-child, .box thead th:first-child { position: sticky; left: 0; background: var(--bg); z-index: 1 }
        .n { text-align: right; padding-left: 12px } .n + .n { padding-left: 14px }
        td .words { color: var(--soft); font-size: 12px } td.best .figures { font-weight: 700 }
        td.short { white-space: normal; min-width: 5em; overflow-wrap: anywhere } td.wrap, th.wrap { white-space: normal; min-width: 16em; overflow-wrap: anywhere }
        .facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 16px; margin: 8px 0; font-variant-numeric: tabular-nums }
        .facts dt { color: var(--soft) } .facts dd { margin: 0; overflow-wrap: anywhere }
        .tiles { display: flex; flex-wrap: wrap; gap: 4px 30px; margin: 12px 0 6px; padding: 0; list-style: none }
        .tiles b { display: block; font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; line-height: 1.25 }
        .tiles span { color: var(--soft); font-size: 12.5px }
        .failures { list-style: none; margin: 8px 0; padding: 0 }
        .failures li { display: grid; grid-template-columns: 21em minmax(0, 1fr); gap: 2px 18px; padding: 8px 0 8px 12px;
          border-left: 3px solid var(--x); border-top: 1px solid var(--line) }
        .failures li.b, .failures li.w, .failures li.c { border-left-color: var(--b) }
        .failures p { margin: 0; max-width: none } .failures .do { color: var(--soft) }
        .grid { min-width: 0 } .grid td { padding: 1px 2px 1px 0 } .grid tbody tr + tr > * { border: 0 } .grid thead th { border: 0; padding: 0 2px 3px 0; text-align: center }
        .grid thead th:first-child { text-align: left } .grid tbody th { padding: 1px 14px 1px 0 }
        .grid a { display: block; min-width: 46px; padding: 3px 6px; text-align: center; border-radius: 3px; color: var(--text);
          background: var(--panel); font-size: 12.5px }
        .grid a:hover { text-decoration: none; outline: 1px solid var(--soft) }
        .cells { display: flex; flex-wrap: wrap; gap: 2px; min-width: 240px; max-width: 900px; padding: 2px 0 }
        .grid .cells a { min-width: 0; width: 12px; height: 12px; padding: 0; border-radius: 2px; font-size: 0 }
        .grid a.f { background: color-mix(in srgb, var(--tint) var(--p, 20%), var(--bg)) }
        .s0 { --p: 7% } .s1 { --p: 13% } .s2 { --p: 19% } .s3 { --p: 25% } .s4 { --p: 31% } .s5 { --p: 37% } .s6 { --p: 43% } .s7 { --p: 49% } .s8 { --p: 55% } .s9 { --p: 61% }
        .grid a.r { color: var(--r); box-shadow: inset 0 0 0 1.5px var(--r) } .grid a.i { color: var(--i); box-shadow: inset 0 0 0 1.5px var(--i) }
        .grid a.w { color: var(--soft) }
        .grid a.x, .grid a.a { color: var(--x); background: color-mix(in srgb, var(--x) 14%, var(--bg)); box-shadow: inset 0 0 0 1px var(--x); font-weight: 600 }
        .grid a.b { color: var(--b); background: color-mix(in srgb, var(--b) 12%, var(--bg)); box-shadow: inset 0 0 0 1px var(--b) }
        .grid a.c { color: var(--c) }
        .heat { min-width: 0 }

        """

    private static let drawings: HTML = """
        figure { margin: 10px 0; min-width: 0; max-width: 100% } figcaption { font-size: 12.5px; color: var(--soft); margin: 0 0 4px; overflow-wrap: anywhere }
        figcaption b { color: var(--text); font-weight: 600 }
        .figures-row { display: flex; flex-wrap: wrap; gap: 12px 28px; align-items: flex-start }
        svg { display: block; font: 11px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; overflow: visible }
        svg text { fill: var(--soft); paint-order: stroke; stroke: var(--bg); stroke-width: 3px; stroke-linejoin: round; font-variant-numeric: tabular-nums } svg text.strong { fill: var(--text) } svg text.end { text-anchor: end } svg text.mid { text-anchor: middle }
        .fit { max-width: 100%; height: auto }
        svg .gridline { stroke: var(--line); stroke-width: 1 } svg .zero { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3 }
        svg .curve { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round }
        svg .pair { fill: none; stroke: var(--w); stroke-width: 1; opacity: .55 } svg .mean { stroke: var(--text); stroke-width: 2 }
        svg .whisker { stroke: var(--text); stroke-width: 1.5 }
        svg .node rect:first-child { fill: var(--panel); stroke: var(--line) } svg .node text { stroke: none } svg .node.own rect:first-child { stroke: var(--link); stroke-width: 2 } svg a:hover rect:first-child { stroke: var(--soft) }
        svg .edge { fill: none; stroke: var(--soft); stroke-width: 1.25 } svg .tip { fill: var(--soft) }
        svg .ring { fill: var(--bg); stroke: var(--text); stroke-width: 2 }
        .k0 { --k: var(--k0) } .k1 { --k: var(--k1) } .k2 { --k: var(--k2) } .k3 { --k: var(--k3) } .k4 { --k: var(--k4) } .k5 { --k: var(--k5) } .k6 { --k: var(--k6) } .k7 { --k: var(--k7) }
        svg .curve, svg .whisker.k { stroke: var(--k) } svg .dot { fill: var(--k) } svg .small { opacity: .5 }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12.5px; color: var(--soft); margin: 2px 0 0; padding: 0; list-style: none }
        .legend > li > i { display: inline-block; width: 12px; height: 3px; border-radius: 2px; background: var(--k, var(--w)); vertical-align: middle; margin-right: 5px }
        .legend > li > i.sq { width: 11px; height: 11px }
        .f, .legend .f { --k: var(--f) } .r { --k: var(--r) } .x { --k: var(--x) } .w { --k: var(--line) } .a { --k: var(--x) } .b { --k: var(--b) } .c { --k: var(--c) } .i { --k: var(--i) }
        svg .bar { fill: var(--k) } svg rect.x { stroke: var(--text); stroke-width: .5 }
        .progress { width: 100%; height: 10px; border-radius: 3px; background: var(--line); margin: 10px 0 4px }

        """

    private static let places: HTML = """
        .chips { display: flex; flex-wrap: wrap; gap: 6px; padding: 0; margin: 10px 0; list-style: none }
        .chips a { display: block; padding: 3px 10px; border: 1px solid var(--line); border-radius: 12px; color: var(--soft); font-size: 12.5px }
        .chips a[aria-current] { border-color: var(--link); color: var(--text); background: var(--panel) } .chips a:hover { text-decoration: none; border-color: var(--soft) }
        .toc { columns: 2; padding-left: 18px; font-size: 13px } .digest { overflow-wrap: anywhere }

        """

    private static let media: HTML = """
        @media (max-width: 640px) {
          td.wrap, th.wrap { min-width: 30em }
          header, main { padding: 0 14px } h1 { font-size: 19px } .failures li { grid-template-columns: minmax(0, 1fr) }
          .facts { grid-template-columns: minmax(0, 1fr); gap: 0 } .facts dd { margin-bottom: 6px } .tiles { gap: 6px 22px } .toc { columns: 1 }
          header nav { gap: 2px 14px } header nav .sweeps { margin-left: 0 }
          .chips a { padding: 6px 12px } .grid .cells a { width: 15px; height: 15px } .cells { min-width: 200px }
        }
        @media print {
          :root { --bg: #fff; --panel: #fff; --text: #000; --soft: #444; --line: #bbb; --link: #000 }
          html { font-size: 10.5pt } header { display: none } main { padding: 0; max-width: none }
          .box { overflow: visible } pre { max-height: none; white-space: pre-wrap } figure, tr, .failures li { break-inside: avoid } h2, h3 { break-after: avoid }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
        }
        @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }

        """
}
