//! Programs that must not compile, with what their authors read.

#[test]
fn mistakes_do_not_compile_and_say_how_to_mend_them() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}
