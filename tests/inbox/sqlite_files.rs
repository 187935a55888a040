//! The files of a SQLite inbox, while it is open and after it is closed.
#![cfg(unix)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use panora_hooks::inbox::{EventKey, Filter, Inbox, InboxError, ParkReason, Select, SqliteInbox};
use tempfile::TempDir;

use crate::events::{contact, event, is_stored};

/// A folder with an inbox that has acknowledged an event.
struct Opened {
    root: TempDir,
    inbox: SqliteInbox,
}

impl Opened {
    async fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("folder")).unwrap();
        let inbox = SqliteInbox::open(root.path().join("folder/inbox.db")).unwrap();
        let opened = Self { root, inbox };
        opened.inbox.put(vec![contact("ada").parked(ParkReason::Unhandled)]).await.unwrap();
        opened
    }

    fn file(&self, suffix: &str) -> PathBuf {
        self.root.path().join(format!("folder/inbox.db{suffix}"))
    }

    /// Checks that every operation that promises durability is refused with an error that names the
    /// file.
    async fn refuses(&self, inbox: &SqliteInbox, name: &str) {
        let refused = |what: &str, error: InboxError| {
            assert!(matches!(error, InboxError::Gone(_)), "{what}: {error:?}");
            let text = format!("{:#}", anyhow::Error::from(error));
            assert!(text.contains(name) && text.contains("deleted, renamed or replaced"), "{what}: {text}");
        };
        refused("put", inbox.put(vec![contact(fastrand::u64(..))]).await.unwrap_err());
        refused("probe", inbox.put(vec![]).await.unwrap_err());
        refused("replay", inbox.replay(Select::Keys(vec![EventKey::new(1)]), 1).await.unwrap_err());
        refused("discard", inbox.discard(Select::All(Filter::new()), 1).await.unwrap_err());
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_file_is_gone() {
    type Harm = fn(&Opened);
    let harms: [(&str, &str, Harm); 6] = [
        ("deleted", "folder/inbox.db`", |opened| fs::remove_file(opened.file("")).unwrap()),
        ("renamed", "folder/inbox.db`", |opened| fs::rename(opened.file(""), opened.file("-old")).unwrap()),
        ("replaced by a copy", "folder/inbox.db`", |opened| {
            fs::copy(opened.file(""), opened.file("-copy")).unwrap();
            fs::rename(opened.file("-copy"), opened.file("")).unwrap();
        }),
        ("folder renamed", "folder/inbox.db`", |opened| {
            fs::rename(opened.root.path().join("folder"), opened.root.path().join("other")).unwrap();
        }),
        ("log deleted", "folder/inbox.db-wal`", |opened| fs::remove_file(opened.file("-wal")).unwrap()),
        ("index deleted", "folder/inbox.db-shm`", |opened| fs::remove_file(opened.file("-shm")).unwrap()),
    ];
    for (how, name, harm) in harms {
        println!("{how}");
        let opened = Opened::new().await;
        let tool = SqliteInbox::attach(opened.file("")).unwrap();
        harm(&opened);
        opened.refuses(&opened.inbox, name).await;
        opened.refuses(&tool, name).await;
    }
}

#[tokio::test]
async fn a_link_that_leads_to_another_file_is_noticed() {
    let opened = Opened::new().await;
    let link = opened.root.path().join("link.db");
    std::os::unix::fs::symlink(opened.file(""), &link).unwrap();
    let tool = SqliteInbox::attach(&link).unwrap();
    assert!(is_stored(tool.put(vec![contact("grace")]).await.unwrap()[0]));
    fs::remove_file(&link).unwrap();
    let other = opened.root.path().join("other.db");
    drop(SqliteInbox::open(&other).unwrap());
    std::os::unix::fs::symlink(&other, &link).unwrap();
    opened.refuses(&tool, "link.db`").await;
    // The file itself has not moved.
    assert!(is_stored(opened.inbox.put(vec![contact("lin")]).await.unwrap()[0]));
}

#[tokio::test]
async fn a_file_that_is_put_back_is_used_again() {
    let opened = Opened::new().await;
    let (here, there) = (opened.root.path().join("folder"), opened.root.path().join("other"));
    fs::rename(&here, &there).unwrap();
    opened.refuses(&opened.inbox, "folder/inbox.db`").await;
    fs::rename(&there, &here).unwrap();
    assert!(is_stored(opened.inbox.put(vec![contact("grace")]).await.unwrap()[0]));
    let path = opened.file("");
    let Opened { root: _root, inbox } = opened;
    drop(inbox);
    let reopened = SqliteInbox::open(path).unwrap();
    assert_eq!(reopened.depth().await.unwrap().parked, 1);
}

#[tokio::test]
async fn an_inbox_that_was_moved_away_leaves_its_successor_alone() {
    let opened = Opened::new().await;
    for suffix in ["", "-wal", "-shm", "-lock"] {
        let old = opened.root.path().join(format!("folder/old.db{suffix}"));
        fs::rename(opened.file(suffix), old).unwrap();
    }
    let successor = SqliteInbox::open(opened.file("")).unwrap();
    assert!(is_stored(successor.put(vec![contact("grace")]).await.unwrap()[0]));
    let Opened { root, inbox } = opened;
    drop(inbox);
    assert!(is_stored(successor.put(vec![contact("lin")]).await.unwrap()[0]));
    // Events acknowledged by the old inbox are in the file that was moved.
    let old = SqliteInbox::open(root.path().join("folder/old.db")).unwrap();
    assert_eq!(old.depth().await.unwrap().parked, 1);
}

/// Returns the open files of this process whose paths begin with `path`.
fn open_files(path: &Path) -> Vec<PathBuf> {
    let Ok(descriptors) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let files = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    files.filter(|file| file.to_str().is_some_and(|file| file.starts_with(path.to_str().unwrap()))).collect()
}

#[tokio::test]
async fn a_closed_inbox_holds_no_file_and_can_be_opened_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().canonicalize().unwrap().join("inbox.db");
    for round in 0..20 {
        let inbox = SqliteInbox::open(&path).unwrap();
        // Enough data for the checkpointer to run.
        let data = format!(r#"{{"round":{round},"text":"{}"}}"#, "x".repeat(6 << 20));
        inbox.put(vec![event(&round.to_string(), "crm.note.created", &data)]).await.unwrap();
        let clone = inbox.clone();
        let other = std::thread::spawn(move || drop(clone));
        drop(inbox);
        other.join().unwrap();
        assert_eq!(open_files(&path), Vec::<PathBuf>::new(), "in round {round}");
    }
}
