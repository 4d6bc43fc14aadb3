//! Programs that must not compile; `tests/ui/README.md` says what they prove.

#[test]
fn programs_that_reach_data_without_a_tenant_do_not_compile() {
    // One runner for all: its dependencies are compiled once.
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
