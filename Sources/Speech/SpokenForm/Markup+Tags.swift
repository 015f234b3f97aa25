// Tags of HTML and SSML, and what only looks like one.

extension Markup {
    /// The end of a tag, dropped, or of `<address>`, kept without its marks. nil: the "<" belongs to the text.
    mutating func tag(at position: Int, closing: Int?) -> Int? {
        guard let closing, closing - position <= 1000, position + 1 < closing else { return nil }
        let first = input[position + 1]
        guard first.isLetter || first == "/" || first == "!" || first == "?" else { return nil }
        let content = input[(position + 1)..<closing]
        let isAddress = !content.contains(" ") && (content.contains("@") || (content.contains(":") && first.isLetter))
        if isAddress {
            hasDropped = true
            for index in content.indices { keep(input[index], from: index) }
            return closing + 1
        }
        guard let name = tagName(content) else { return placeholder(at: position, closing) }
        if name == "break" { addPause(PauseMark.length(of: SSMLTag(content)?.attributes ?? [:])) }
        if Self.separatingTags.contains(name), output.scalars.last != " " { keep(" ", from: position) }
        hasDropped = true
        return closing + 1
    }

    /// The name of a tag that is known, with attributes that look like some. "a<b and c>d" has none.
    private func tagName(_ content: ArraySlice<Unicode.Scalar>) -> String? {
        var rest = content
        let isClosing = rest.first == "/"
        if isClosing { rest.removeFirst() }
        if rest.first == "!" || rest.first == "?" { return "!" }
        let letters = rest.prefix { $0.isLetter || $0.isDigit || $0 == "-" || $0 == ":" }
        let name = String(scalars: letters).lowercased()
        guard Self.knownTags.contains(name) else { return nil }
        rest = rest.dropFirst(letters.count).drop { $0.isSpace }
        let isBare = rest.isEmpty || (rest.count == 1 && rest.first == "/")
        return isBare || (!isClosing && rest.contains("=")) ? name : nil
    }

    /// `<your name>` and `List<String>` are read without their marks; "a<b and c>d" compares.
    private mutating func placeholder(at position: Int, _ closing: Int) -> Int? {
        let before: Unicode.Scalar = position > 0 ? input[position - 1] : " "
        let after: Unicode.Scalar = closing + 1 < input.count ? input[closing + 1] : " "
        let compares = before.isWordPart && after.isWordPart
        guard !compares, !input[closing - 1].isSpace else { return nil }
        endOfPlaceholder = closing
        keep(" ", from: position)
        hasDropped = true
        return position + 1
    }

    /// A word does not go on over these.
    static let separatingTags: Set<String> = [
        "br", "p", "div", "li", "td", "th", "tr", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "option", "dt", "dd",
        "break",
    ]

    /// The elements of HTML (Living Standard, section 4 and the obsolete ones) and of SSML 1.1.
    private static let knownTags: Set<String> = Set(
        """
        a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button canvas caption
        center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset
        figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img
        input ins kbd label legend li link main map mark marquee menu meta meter nav noscript object ol optgroup
        option output p param picture pre progress q rp rt ruby s samp section select small source span strike strong
        sub summary sup svg path table tbody td template textarea tfoot th thead time title tr track tt u ul var
        video wbr speak say-as prosody break emphasis phoneme voice lang lexicon
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    mutating func entity(at position: Int, before end: Int) -> Int? {
        guard let (scalar, end) = Entity.at(position, in: input[..<end]) else { return nil }
        if Self.isInvisible(scalar) { hasDropped = true } else { keep(scalar, from: position) }
        return end
    }
}
