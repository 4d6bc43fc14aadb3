//! What must not compile.

#[test]
fn a_key_has_a_tenant() {
    trybuild::TestCases::new().compile_fail("tests/ui/surface/*.rs");
}
