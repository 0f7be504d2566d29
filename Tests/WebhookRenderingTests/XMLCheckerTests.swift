import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("XML well-formedness")
struct XMLCheckerTests {
    private func problem(_ text: String) -> String? {
        var checker = XMLChecker(Array(text.utf8), maxDepth: 3)
        do {
            try checker.checkDocument()
            return nil
        } catch {
            return error.text
        }
    }

    @Test(
        "accepted",
        arguments: [
            "<a/>", "<a></a >", "<a b='1' c = \"<\" />".replacing("<\" ", with: "&lt;\" "),
            "<?xml version=\"1.0\"?>\n<a/>", "<?xml version='1.0' encoding='utf-8' standalone='yes' ?><a/>",
            "<!-- x - y --><a/><!-- z -->\n<?pi data?>", "<a><![CDATA[<]]&]]></a>", "<a>&#65;&#x1F600;&lt;&apos;</a>",
            "<é:x-y.z>😀</é:x-y.z>", "\u{FEFF}<a/>", "<a><b><c/></b></a>", "<a b=\"1>2\">]] ></a>",
        ]
    )
    func accepted(text: String) {
        #expect(problem(text) == nil)
    }

    @Test(
        "refused",
        arguments: [
            ("", "line 1, column 1: there is no root element"),
            ("<a/><b/>", "line 1, column 5: there is more than one root element"),
            ("x<a/>", "line 1, column 1: there is text outside of the root element"),
            ("<!DOCTYPE a><a/>", "line 1, column 1: a document type declaration is not allowed"),
            ("<a b='1' b='2'/>", "line 1, column 10: an attribute stands twice"),
            ("<a b=1/>", "line 1, column 6: an attribute's value is not in quotes"),
            ("<a b/>", "line 1, column 5: an attribute has no value"),
            ("<a b='<'/>", "line 1, column 7: < must not stand in an attribute"),
            ("<a b='1'c='2'/>", "line 1, column 9: white space is missing before an attribute"),
            ("<a b='1", "line 1, column 6: an attribute's value is not closed"),
            ("<a", "line 1, column 1: a tag is not closed"),
            ("<a>&nbsp;</a>", "line 1, column 4: an entity that is not predefined"),
            ("<a>& b</a>", "line 1, column 4: & does not begin a reference"),
            ("<a>&#0;</a>", "line 1, column 4: a character reference that names no XML character"),
            ("<a>&#+65;</a>", "line 1, column 4: a character reference that names no XML character"),
            ("<a>]]></a>", "line 1, column 4: ]]> must not stand in text"),
            ("<a>\u{1}</a>", "line 1, column 4: a character that XML can't carry"),
            ("<a><!-- a -- b --></a>", "line 1, column 11: -- must not stand in a comment"),
            ("<a><![CDATA[</a>", "line 1, column 13: a CDATA section is not closed"),
            (
                "<a><?xml version='1.0'?></a>",
                "line 1, column 4: the XML declaration may stand at the very beginning only"
            ),
            (
                " <?xml version='1.0'?><a/>",
                "line 1, column 2: the XML declaration may stand at the very beginning only"
            ),
            ("<?xml version='1.1'?><a/>", "line 1, column 1: the XML version must be 1.0"),
            ("<?xml version='1.0' encoding='latin1'?><a/>", "line 1, column 1: the encoding must be UTF-8"),
            ("<1/>", "line 1, column 2: a name is missing"),
            ("<a><b><c><d></d></c></b></a>", "line 1, column 10: elements nest too deep"),
            ("<a></a", "line 1, column 4: a tag is not closed"),
            ("<a><b></a></b>", "line 1, column 7: this closes another element than the one opened at line 1"),
        ]
    )
    func refused(text: String, message: String) {
        #expect(problem(text) == message)
    }
}
