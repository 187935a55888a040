//! Stores and runs an event with the version of SQLite that this program is linked with.

use std::{error::Error, future::pending, path::Path};

use panora_hooks::{
    Verifier, Webhooks, hooks,
    inbox::{Inbox, NewEvent, SqliteInbox},
    on,
};

#[on("crm.contact.created")]
async fn contact_created() {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of an inbox")?;
    for file in ["", "-wal", "-shm", "-lock"] {
        let _ = std::fs::remove_file(Path::new(&format!("{path}{file}")));
    }
    let inbox = SqliteInbox::open(path)?;
    let verifier = Verifier::new("secret")?;
    let body = r#"{"id_event":"1","data":"{}","type":"crm.contact.created"}"#;
    let delivery = verifier.verify(body.as_bytes(), verifier.sign(r#""{}""#))?;
    let put = inbox.put(vec![NewEvent::new(delivery)]).await?;
    let (_router, worker) =
        Webhooks::new(verifier).hooks(hooks![contact_created]).with_inbox(inbox.clone()).into_parts::<()>("/");
    let done = async {
        while inbox.get(put[0].key()).await?.ok_or("it is gone")?.info.state.as_str() != "done" {
            tokio::task::yield_now().await;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    tokio::select! {
        () = worker.run_until(pending()) => {}
        done = done => done?,
    }
    println!("rusqlite with SQLite {}", rusqlite::version());
    Ok(())
}
