//! Mistakes, and the errors that the compiler reports for them.

#[test]
fn mistakes_fail_with_the_expected_errors() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}
