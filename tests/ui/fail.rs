//! Mistakes, and the errors that the compiler reports for them.

#[test]
fn each_mistake_is_the_error_that_its_file_says() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}
