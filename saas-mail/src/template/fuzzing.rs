//! What has to hold of the markup of tenants.
//!
//! The judge is the parser of a browser (html5ever): what it finds in HTML that passed is what a mail program
//! finds.

use scraper::{Html, Node};

use super::markup::{ATTRIBUTES, BLOCK, INLINE, check_html, check_text};

/// What stands for a secret while a letter is checked.
const SECRET: &str = "s0193b0c4";

/// Of HTML that passes, a browser makes elements and attributes of the lists alone, links and images lead where
/// they may, and a secret is a word of the text or the whole target of a link.
///
/// # Panics
///
/// When it does not hold.
pub fn html(text: &str) {
    if check_html(text, &[SECRET]).is_err() {
        return;
    }
    // Elements that a browser adds.
    let added = ["html", "head", "body", "tbody", "colgroup"];
    for node in Html::parse_document(text).tree.nodes() {
        match node.value() {
            Node::Element(element) => {
                let name = element.name();
                let known = [INLINE, BLOCK, &added]
                    .iter()
                    .any(|list| list.contains(&name));
                assert!(known, "`<{name}>` in {text:?}");
                for (attribute, value) in element.attrs() {
                    assert!(ATTRIBUTES.contains(&attribute), "`{attribute}` in {text:?}");
                    check_attribute(name, attribute, value, text);
                }
            }
            // A reference such as `&#115;` may write what stands for the secret, which nobody knows.
            Node::Text(found) if !text.contains("&#") => words(found, text),
            Node::Comment(_) | Node::ProcessingInstruction(_) => unread(text),
            _ => {}
        }
    }
}

fn unread(text: &str) {
    assert!(text.is_empty(), "neither element nor text in {text:?}");
}

fn check_attribute(element: &str, attribute: &str, value: &str, text: &str) {
    let whole = (element, attribute, value) == ("a", "href", SECRET);
    let written = text.contains("&#");
    assert!(
        whole || written || !value.contains(SECRET),
        "a secret is carried by {text:?}"
    );
    let begins = |with: &str| value.starts_with(with);
    match attribute {
        "href" => assert!(whole || begins("https://") || begins("mailto:"), "{text:?}"),
        "src" => assert!(begins("https://"), "{text:?}"),
        "style" => assert!(!value.contains(['(', '\\', '@']), "{text:?}"),
        _ => {}
    }
}

/// A secret in a text is a word by itself.
fn words(found: &str, text: &str) {
    for word in found.split(|c: char| c.is_ascii_whitespace() || "<>".contains(c)) {
        assert!(
            word == SECRET || !word.contains(SECRET),
            "a secret touches a word in {text:?}"
        );
    }
}

/// In plain text that passes, a secret is a word by itself.
///
/// # Panics
///
/// When it does not hold.
pub fn plain(text: &str) {
    if check_text(text, &[SECRET]).is_ok() {
        words(text, text);
    }
}
