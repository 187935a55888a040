//! The README and the guide say what is so. (Their code is compiled with the documentation of `panora-hooks`.)

use std::fs;

fn readme() -> String {
    fs::read_to_string("../README.md").unwrap()
}

/// What stands in the fenced blocks of a language.
fn blocks<'r>(readme: &'r str, language: &str) -> Vec<&'r str> {
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn its_compile_errors_are_real() {
    let readme = readme();
    let errors = blocks(&readme, "text");
    assert_eq!(errors.len(), 4);
    for error in errors {
        let case = error.split_once("--> ui/fail/").unwrap().1.split_once(".rs:").unwrap().0;
        assert_eq!(error, fs::read_to_string(format!("ui/fail/{case}.stderr")).unwrap());
    }
}

#[test]
fn its_commands_are_those_that_the_checks_run() {
    let readme = readme();
    let commands = blocks(&readme, "sh");
    // The last one is run by the tests of the command line.
    assert_eq!(
        commands[..3],
        [
            "cargo run --example quickstart\n",
            "cargo test --workspace\n",
            "cargo install --path panora-hooks-cli\n"
        ]
    );
    let checks = fs::read_to_string("../.ci/run").unwrap();
    assert!(checks.contains(commands[1].trim()));
}

#[test]
fn its_links_lead_somewhere() {
    let readme = readme();
    let links = readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    for link in links.filter(|link| !link.starts_with("https://")) {
        assert!(fs::exists(format!("../{link}")).unwrap(), "{link}");
    }
}

/// The threat model names a test for each class: file and function, in code.
#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let threats = fs::read_to_string("../panora-hooks/src/docs/guide/threats.md").unwrap();
    let (_, classes) = threats.split_once("# The classes, and their tests").unwrap();
    let (classes, _) = classes.split_once("\n# ").unwrap();
    let (mut count, mut code) = (0, String::new());
    for row in classes.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let shown_by = row.trim_end_matches([' ', '|']).rsplit_once(" | ").unwrap().1;
        for name in shown_by.split('`').skip(1).step_by(2) {
            if name.contains('/') {
                code = fs::read_to_string(format!("../{name}"))
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            } else {
                let is_there = ["(", "<"].iter().any(|next| code.contains(&format!("fn {name}{next}")));
                assert!(is_there, "{name} is not there");
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count}");
}
