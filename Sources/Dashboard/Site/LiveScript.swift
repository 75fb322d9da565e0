import Files

/// The one script of all pages: it keeps what is shown fresh, and sends commands without leaving the page. Without it pages
/// come anew every ten seconds, and commands have a page that says what became of them.
enum LiveScript {
    static let path = "/live.js"

    /// What it is changes with its text, so that browsers may keep it.
    static let address = "\(path)?of=\(digest)"

    private static let digest = Digest(of: text.utf8).short

    static func response(to target: RequestTarget) -> HTTPResponse {
        let isOfThis = target.query["of"] == digest
        return HTTPResponse(
            type: "text/javascript; charset=utf-8", Array(text.utf8),
            cache: isOfThis ? "public, max-age=31536000, immutable" : "no-store")
    }

    private static let text = #"""
        "use strict";
        (() => {
          const own = document.currentScript;
          let shown = own.dataset.version;   // of what the page shows
          let latest = shown;                // of what there is, as far as the server has told
          let source = null, timer = null, isFetching = false;

          // Makes an element like another one, and leaves alone what is equal: what has the focus, is scrolled, selected or
          // typed into stays.
          function follow(old, fresh) {
            if (old.isEqualNode(fresh) || (old.dataset && "keep" in old.dataset)) return;
            if (old.nodeType !== Node.ELEMENT_NODE) { old.nodeValue = fresh.nodeValue; return; }
            for (const { name } of [...old.attributes])
              if (!fresh.hasAttribute(name) && !isOpenness(old, name)) old.removeAttribute(name);
            for (const { name, value } of fresh.attributes)
              if (old.getAttribute(name) !== value && !isOpenness(old, name)) old.setAttribute(name, value);
            let place = old.firstChild;
            for (const child of [...fresh.childNodes]) {
              const same = find(place, child);
              if (!same) { old.insertBefore(document.importNode(child, true), place); continue; }
              while (place !== same) { const gone = place; place = place.nextSibling; gone.remove(); }
              place = same.nextSibling;
              follow(same, child);
            }
            while (place) { const gone = place; place = place.nextSibling; gone.remove(); }
          }

          // Whether a person has opened it is that person's.
          function isOpenness(element, name) { return name === "open" && element.nodeName === "DETAILS"; }

          // The node that a fresh one stands for: the next one, or one of the same identifier further on.
          function find(place, child) {
            const id = child.id || "";
            if (!id) return place && place.nodeName === child.nodeName && !place.id ? place : null;
            for (let node = place; node; node = node.nextSibling)
              if (node.id === id && node.nodeName === child.nodeName) return node;
            return null;
          }

          async function refresh() {
            if (isFetching) return;
            isFetching = true;
            const began = performance.now();
            try {
              const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
              if (answer.ok) {
                const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
                for (const part of ["header", "main"]) {
                  const [old, next] = [document.querySelector(part), fresh.querySelector(part)];
                  if (old && next) follow(old, next);
                }
                document.title = fresh.title;
                shown = fresh.querySelector("script[data-version]")?.dataset.version ?? latest;
                own.dataset.version = shown;
              }
            } catch { /* The server is away; the events begin anew when it is back. */ }
            isFetching = false;
            // A large page has time to be looked at between two versions.
            if (shown !== latest) later(Math.max(1000, 3 * (performance.now() - began)));
          }

          function later(milliseconds) {
            if (timer === null) timer = setTimeout(() => { timer = null; refresh(); }, milliseconds);
          }

          function listen() {
            if (source || document.hidden) return;
            source = new EventSource("/events");
            source.addEventListener("version", event => {
              latest = event.data;
              if (latest !== shown) later(0);
            });
            source.onerror = () => {
              if (source && source.readyState === EventSource.CLOSED) {
                source = null;
                // As many watch as may: the page is looked at again now and then.
                later(10000);
                setTimeout(listen, 10000);
              }
            };
          }

          // A browser has six connections to a server, and a page that nobody sees needs none of them.
          document.addEventListener("visibilitychange", () => {
            if (document.hidden) { if (source) { source.close(); source = null; } } else listen();
          });

          document.addEventListener("submit", async event => {
            const form = event.target, action = event.submitter?.formAction || form.action;
            if (!new URL(action).pathname.startsWith("/commands/")) return;
            event.preventDefault();
            const output = form.querySelector("output");
            output.textContent = "…";
            try {
              const body = new URLSearchParams(new FormData(form));
              const answer = await fetch(action, { method: "POST", body, headers: { Accept: "text/plain" } });
              output.textContent = await answer.text();
            } catch { output.textContent = "The dashboard does not answer."; }
            later(0);
          });

          listen();
        })();

        """#
}
