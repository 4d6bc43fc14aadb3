use proptest::prelude::*;

use super::*;
use crate::fuzzing;

fn refuses(texts: &[&str]) {
    for text in texts {
        assert!(text.parse::<Key>().is_err(), "{text:?}");
    }
}

#[test]
fn sto_01_refuses_traversal() {
    refuses(&[
        "/",
        "/a",
        "a/",
        "a//b",
        "//host/share",
        ".",
        "..",
        "...",
        "../a",
        "a/..",
        "a/../b",
        "a/./b",
        "a/.../b",
        "./a",
        "a/.",
        "..;/a",
        "a/..;/..",
        ". ./a",
        ".. /a",
        "..\u{a0}/a",
        " ../a",
        "\u{2025}/a",
        "a/\u{2024}\u{2024}/b",
        "\u{ff0e}\u{ff0e}/a",
        "~/.",
        ".staging.",
        "file://a",
        "....//....//etc",
        "..//",
        "a/../../b",
        "/../a",
        "/etc/passwd",
        "//",
        "///",
    ]);
}

#[test]
fn sto_04_refuses_what_somebody_may_decode_or_translate() {
    refuses(&[
        "a%2fb",
        "a%2Fb",
        "%2e%2e/a",
        "%252e/a",
        "%25%32%65",
        "a%00",
        "a%5cb",
        "..%c0%af",
        "%u002e/a",
        "a%u2215b",
        "\u{ff05}2e/a",
        "a\\b",
        "..\\a",
        "\\\\host\\share",
        "\\\\?\\C:\\a",
        "C:",
        "C:/a",
        "a:b",
        "a:$DATA",
        "a\u{2215}b",
        "a\u{2044}b",
        "a\u{ff0f}b",
        "a\u{ff3c}b",
        "a\u{fe68}b",
        "a\u{ff1a}b",
        "a|b",
        "a*",
        "a?",
        "a<b",
        "a>b",
        "a\"b",
        "\u{2100}x",
    ]);
}

#[test]
fn sto_05_refuses_control_bidi_and_empty_and_long_names() {
    let (long, segment) = ("a".repeat(1025), "a".repeat(256));
    refuses(&[
        "",
        " ",
        "  a",
        "a ",
        "a.",
        "a\u{3000}",
        "\u{a0}a",
        "a/b\u{2003}/c",
    ]);
    refuses(&[&long, &segment, &format!("{}/a", "é".repeat(128))]);
    // The longest and the deepest, and one more of each.
    let parts = ["a".repeat(255), "b".repeat(255), "c".repeat(255)].join("/");
    assert!(
        format!("{parts}/{}", "d".repeat(132))
            .parse::<Key>()
            .is_ok()
    );
    assert!(["x"; 32].join("/").parse::<Key>().is_ok());
    refuses(&[
        &format!("{parts}/{}", "d".repeat(133)),
        &["x"; 33].join("/"),
    ]);
    refuses(&[
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{80}",
        "\u{85}",
        "\u{9f}",
    ]);
    refuses(&[
        "a\u{202e}gpj.exe",
        "a\u{2066}b",
        "a\u{200b}b",
        "a\u{200d}b",
        "\u{feff}a",
        "a\u{ad}b",
    ]);
    refuses(&[
        "a\u{34f}b",
        "a\u{3164}b",
        "a\u{fe0f}",
        "a\u{e0041}",
        "\u{fdd0}",
        "\u{1fffe}",
        "\u{ffff}",
    ]);
}

#[test]
fn sto_06_takes_the_composed_form_only() {
    assert!("caf\u{e9}".parse::<Key>().is_ok());
    assert_eq!("cafe\u{301}".parse::<Key>(), Err(InvalidKey::Form));
    // Ångström, the unit: its composed form is the letter.
    assert_eq!("\u{212b}".parse::<Key>(), Err(InvalidKey::Form));
}

#[test]
fn takes_ordinary_names_in_any_script() {
    let longest = ["x".repeat(255), "y".repeat(255), "z".repeat(255)].join("/");
    for right in [
        "a",
        "a/b.txt",
        ".hidden",
        "100% sure",
        "50%",
        "%zz",
        "ünï/cödé",
        "日本/語.pdf",
        "a b/c d",
        "tenants/x",
        "😀",
        "wait….txt",
        "½ price",
        "a/b/c/d/e/f",
        "~user",
        "$HOME",
        "`x`",
        "CON",
        "-rf",
        "a&b=c#d;e+f@g!h(i)[j]{k}'l,m^n",
        &longest,
    ] {
        assert!(right.parse::<Key>().is_ok(), "{right:?}");
    }
}

#[test]
fn an_address_and_its_key_are_one_to_one() {
    let read = |path| Key::from_encoded(path).map(|key| key.to_string());
    assert_eq!(read("100%25%20sure"), Ok("100% sure".to_owned()));
    assert_eq!(read("m%C3%A4rz%20%231"), Ok("märz #1".to_owned()));
    for wrong in [
        "a%2fb",
        "a%2Eb",
        "a%5Cb",
        "%252e",
        "%25%32%65",
        "%2525",
        "%c0%ae",
        "%ff",
        "a%00",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn knows_its_parts() {
    let key: Key = "a/b/c.txt".parse().unwrap();
    assert_eq!(key.file_name(), "c.txt");
    assert_eq!(key.segments().collect::<Vec<_>>(), ["a", "b", "c.txt"]);
    assert_eq!(key.folders().collect::<Vec<_>>(), ["a/b", "a"]);
    assert_eq!("a".parse::<Key>().unwrap().folders().count(), 0);
    assert_eq!("a/b".parse::<Prefix>().unwrap().to_string(), "a/b/");
    assert_eq!("a/b/".parse::<Prefix>(), "a/b".parse());
    assert_eq!("".parse::<Prefix>().unwrap().to_string(), "");
    for wrong in ["/", "a//", "../", "/a"] {
        assert!(wrong.parse::<Prefix>().is_err(), "{wrong}");
    }
}

#[test]
fn is_checked_when_it_is_deserialized() {
    assert!(serde_json::from_str::<Key>("\"a/b\"").is_ok());
    assert!(serde_json::from_str::<Key>("\"../b\"").is_err());
}

/// Text made of the parts that attacks are made of.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("."),
        Just(".."),
        Just("/"),
        Just("//"),
        Just("\\"),
        Just("%2e"),
        Just("%2f"),
        Just("%"),
        Just("2f"),
        Just(" "),
        Just("\u{a0}"),
        Just("\u{3000}"),
        Just("\u{ff0e}"),
        Just("\u{ff0f}"),
        Just(";"),
        Just("a"),
        Just("tenants"),
        Just("é"),
        Just("e\u{301}"),
        Just("\u{202e}"),
        Just("\0"),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_key_of_one_tenant_is_in_the_space_of_another(text in prop_oneof![hostile(), "\\PC{0,40}", ".{0,40}"]) {
        fuzzing::key(&text);
        fuzzing::encoded_key(&text);
    }

    #[test]
    fn two_keys_are_two_objects_also_after_trimming(one in hostile(), other in hostile()) {
        if let (Ok(one), Ok(other)) = (one.parse::<Key>(), other.parse::<Key>()) {
            prop_assert_eq!(one == other, one.as_str().trim() == other.as_str().trim());
        }
    }

    #[test]
    fn encoding_and_reading_gives_the_key_back(text in "[a-z%é /0-9]{1,30}|([a-z/]|%[0-9a-fA-F]{2}){0,12}") {
        fuzzing::encoded_key(&text);
    }
}

#[cfg(any(feature = "s3", feature = "azblob", feature = "gcs"))]
#[test]
fn the_longest_key_of_a_tenant_fits_below_the_longest_folder() {
    let (root, tenant) = ("r".repeat(MAX_ROOT), saas_core::TenantId::generate());
    let mut key = ["k".repeat(250).as_str(); 4].join("/");
    key.truncate(MAX_LENGTH);
    let key: Key = key.parse().unwrap();
    // As `Place` names an object, with what an object store takes.
    let name = format!("{root}tenants/{tenant}/{key}");
    assert_eq!(name.len(), 1024);
}

#[tokio::test]
async fn an_object_stands_in_the_folder_of_its_tenant() {
    let db = saas_testkit::TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let tenant = db.tenant("acme").await;
    let (scope, id) = (db.scope(&tenant), tenant.id());
    assert_eq!(space(&scope), format!("tenants/{id}/"));
    assert_eq!(object(&scope, "a/b"), format!("tenants/{id}/a/b"));
    let folder: Key = "a/b".parse().unwrap();
    assert_eq!(Prefix::from(folder.clone()), Prefix(Some(folder)));
}
