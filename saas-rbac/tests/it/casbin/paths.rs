//! Models of paths, addresses and globs.

use super::{ALLOW, check, conf, refusal, with};

/// Checks a function alone: whether it takes a text for one of a pattern.
fn function(name: &str, cases: &[(&str, &str, bool)]) {
    let conf = conf("obj", "obj", &[], ALLOW, &format!("{name}(r.obj, p.obj)"));
    for (text, pattern, expected) in cases {
        let enforcer = with(&conf, "", |it| it);
        enforcer.add("p", &[pattern]).unwrap();
        assert_eq!(
            enforcer.enforce(&[*text]).unwrap(),
            *expected,
            "{name}({text}, {pattern})"
        );
    }
}

#[test]
fn rba_13_14_paths() {
    function(
        "keyMatch",
        &[
            ("/foo/bar", "/foo/*", true),
            ("/foo", "/foo/*", false),
            ("/foo/", "/foo*", true),
            ("/fooé/x", "/foo/*", false),
            ("/é", "/é*", true),
            ("", "*", true),
        ],
    );
    function(
        "keyMatch2",
        &[
            ("/v1.0/x", "/v1.0/x", true),
            ("/v1X0/x", "/v1.0/x", false),
            ("/a/b/c", "/a/*", true),
            ("/a/b", "/a/:id", true),
            ("/a/", "/a/:id", false),
            ("/a/b/c", "/a/:id", false),
            ("/ä/ß", "/ä/:x", true),
            ("/a(b", "/a(b", true),
            ("/a/1/b", "/a/:id/b", true),
            ("/a", "*", true),
            ("domain1", "*", true),
        ],
    );
    function(
        "keyMatch3",
        &[
            ("/a/1", "/a/{id}", true),
            ("/a/1/2", "/a/{id}", false),
            ("/a/1_x", "/a/{id}_x", true),
            ("/v1X0/x", "/v1.0/x", false),
            ("/{", "/{", true),
            ("/a/b", "*", true),
        ],
    );
    function(
        "keyMatch4",
        &[
            ("/p/1/c/1", "/p/{id}/c/{id}", true),
            ("/p/1/c/2", "/p/{id}/c/{id}", false),
            ("/p/1/c/2", "/p/{id}/c/{other}", true),
            ("/p/1/c/1/d/2", "/p/{id}/c/{id}/d/{id}", false),
        ],
    );
    function(
        "keyMatch5",
        &[
            ("/a/b?x=1", "/a/b", true),
            ("/a/b?x=1", "/a/{id}", true),
            ("/a/b/c?d", "/a/*", true),
            ("/v1X0/x", "/v1.0/x", false),
        ],
    );
    function(
        "regexMatch",
        &[
            ("foobar", "^foo", true),
            ("xfoo", "^foo", false),
            ("GET", "(GET)|(POST)", true),
        ],
    );
    function(
        "globMatch",
        &[
            ("/a/b", "/a/*", true),
            ("/a/b/c", "/a/*", false),
            ("/a/b/c", "/a/**", true),
            ("/a/x", "/a/[w-z]", true),
            ("/a/x", "/a/[!w-z]", false),
            ("/a//", "/a/[!w-z]", false),
            ("/a.b", "/a?b", true),
            ("/a/b", "/a?b", false),
            ("/en", "/{de,en}", true),
            ("/x*", "/x\\*", true),
        ],
    );
}

#[test]
fn addresses() {
    function(
        "ipMatch",
        &[
            ("10.1.2.3", "10.1.0.0/16", true),
            ("10.2.2.3", "10.1.0.0/16", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("2001:db8::1", "2001:db8::/32", true),
            ("::1", "127.0.0.1", false),
        ],
    );
}

#[test]
fn restful() {
    let matcher = "r.sub == p.sub && keyMatch2(r.obj, p.obj) && regexMatch(r.act, p.act)";
    let conf = conf("sub, obj, act", "sub, obj, act", &[], ALLOW, matcher);
    check(
        &conf,
        "p, ann, /book/:id, ^(GET|PUT)$\np, ben, /shelf/*, GET",
        "ann /book/1 GET = yes
         ann /book/1 POST = no
         ann /book/1/page GET = no
         ben /shelf/1/2 GET = yes",
    );
}

#[test]
fn parts_of_paths() {
    for (matcher, expected) in [
        ("keyGet(r.obj, '/a/*') == 'b/c'", true),
        ("keyGet(r.obj, '/x/*') == ''", true),
        ("keyGet2(r.obj, '/a/:x/:y', 'y') == 'c'", true),
        ("keyGet2(r.obj, '/a/:x', 'x') == ''", true),
        ("keyGet3(r.obj, '/{x}/b/{y}', 'x') == 'a'", true),
        ("keyGet3(r.obj, '/{x}/b/{y}', 'z') == 'a'", false),
    ] {
        let enforcer = with(&conf("obj", "obj", &[], ALLOW, matcher), "", |it| it);
        assert_eq!(
            enforcer.enforce(&["/a/b/c"]).unwrap(),
            expected,
            "{matcher}"
        );
    }
}

#[test]
fn rba_12_a_pattern_that_is_none_is_refused() {
    for (name, pattern) in [
        ("regexMatch", "/("),
        ("regexMatch", "["),
        (
            "regexMatch",
            "(((((a{1,999}){1,999}){1,999}){1,999}){1,999})",
        ),
        ("keyMatch2", "/a*"),
        ("keyMatch5", "**"),
        ("ipMatch", "10.0.0.0/33"),
        ("ipMatch", "10.0.0.0/x"),
        ("ipMatch", "nothing"),
        ("globMatch", "/[a"),
        ("globMatch", "/{a"),
        ("globMatch", "\\"),
        ("globMatch", "/[z-a]"),
    ] {
        let conf = conf("obj", "obj", &[], ALLOW, &format!("{name}(r.obj, p.obj)"));
        let enforcer = with(&conf, "", |it| it);
        let text = refusal(enforcer.add("p", &[pattern]));
        assert!(text.contains(name) && text.contains(pattern), "{text}");
        assert!(enforcer.policy().is_empty());
    }
}

#[test]
fn an_address_or_a_pattern_of_the_request_that_is_none_is_an_error() {
    for matcher in [
        "!ipMatch(r.obj, '10.0.0.0/8')",
        "!regexMatch('x', r.obj)",
        "!keyMatch2('x', r.obj)",
    ] {
        let enforcer = with(&conf("obj", "obj", &[], ALLOW, matcher), "", |it| it);
        refusal(enforcer.enforce(&["*("]));
    }
}
