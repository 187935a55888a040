//! Two hooks whose process dies after the commit of their effect.

use tempfile::TempDir;

use crate::{database::Database, program::Program};

#[test]
fn a_crash_after_the_commit_repeats_only_the_effect_of_the_hook_without_a_transaction() {
    let Some(database) = Database::new() else { return };
    let folder = TempDir::new().unwrap();
    let start = |arguments: &[&str]| {
        Program::start("transactions", arguments, folder.path(), ("DATABASE_URL", &database.url))
    };
    for (place, table, again, rows) in
        [(0, "contacts", "already_done", 1), (1, "companies", "a hook inserts a company", 2)]
    {
        let mut program = start(&["--crash"]);
        let answer = program.deliveries[place].send();
        program.wait_for("the process dies");
        assert!(!program.wait().success());
        drop(answer);
        assert_eq!(database.count(table), 1, "the effect is committed");

        let mut program = start(&[]);
        program.wait_for(again);
        // A stop waits for the hook.
        program.stop();
        assert_eq!(database.count(table), rows, "{table}");
    }
}
