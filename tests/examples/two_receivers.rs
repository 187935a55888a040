//! Two receivers on one PostgreSQL.

use tempfile::TempDir;

use crate::{database::Database, program::Program, support::read_answer};

#[test]
fn an_event_that_either_receiver_stores_runs_once() {
    let Some(database) = Database::new() else { return };
    let folder = TempDir::new().unwrap();
    let mut program = Program::start("postgres", &[], folder.path(), ("DATABASE_URL", &database.url));
    for delivery in &program.deliveries {
        for _ in 0..2 {
            assert_eq!(read_answer(delivery.send()).status, 200);
        }
    }
    let runs = [(); 2].map(|()| program.wait_for("runs on the"));
    for delivery in &program.deliveries {
        let id = delivery.id();
        assert_eq!(runs.iter().filter(|line| line.contains(id)).count(), 1, "{runs:?}");
    }
    let rest = program.stop();
    assert!(!rest.iter().any(|line| line.contains("runs on the")), "{rest:?}");
}
