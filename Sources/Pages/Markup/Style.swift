/// How pages look, in light and dark, on paper and on a phone.
enum Style {
    static let sheet: HTML = """
        :root { color-scheme: light dark }
        """
}
