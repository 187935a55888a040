//! The events of an inbox after the processes that wrote it have ended.

use std::collections::HashMap;

use panora_hooks::inbox::{EventInfo, Inbox, Query};

/// Returns all events of an inbox, by id.
pub async fn contents(inbox: &impl Inbox) -> HashMap<String, EventInfo> {
    let mut all = HashMap::new();
    let mut query = Query::default().limit(1000);
    loop {
        let page = inbox.list(query.clone()).await.unwrap();
        all.extend(page.items.into_iter().map(|info| (info.id.clone(), info)));
        query.after = page.next;
        if query.after.is_none() {
            return all;
        }
    }
}
