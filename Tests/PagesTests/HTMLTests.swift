import Pages
import Testing

struct HTMLTests {
    @Test func `what is put into markup is escaped, and markup is not`() {
        let name = "<script>alert('1 & \"2\"')</script>"
        let cell: HTML = "<td title=\"\(name)\">\("<b>x</b>" as HTML) \(3) \(1.25) \(-0.04) \(-0.5)</td>"
        let escaped = "&lt;script&gt;alert(&#39;1 &amp; &quot;2&quot;&#39;)&lt;/script&gt;"
        #expect(cell.markup == "<td title=\"\(escaped)\"><b>x</b> 3 1.3 0 -0.5</td>")
    }

    @Test func `what HTML cannot hold is marked, and other scripts stay`() {
        #expect(HTML(text: "a\u{0}b\u{1B}[0m ß 模型\n").markup == "a\u{FFFD}b\u{FFFD}[0m ß 模型\n")
    }
}
