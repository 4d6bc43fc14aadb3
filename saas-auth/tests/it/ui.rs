//! What must not compile.

#[test]
fn what_belongs_to_a_tenant_is_not_reached_without_it() {
    trybuild::TestCases::new().compile_fail("tests/ui/surface/*.rs");
}
