//! Hooks to paste, in a program that lacks the features of some verticals.

#[test]
fn a_pasted_hook_compiles_without_the_feature_of_its_model() {
    trybuild::TestCases::new().pass("pasted/program.rs");
}
