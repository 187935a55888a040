//! The pages of a list: by a filter, or by a text in the errors.

use std::{collections::VecDeque, time::Duration};

use panora_hooks::inbox::{EventInfo, EventKey, EventState, Filter, InboxError, Lane, Query};
use tokio::{task::yield_now, time::timeout};

use crate::{
    filter::{Cursor, EventFilter},
    store::Store,
};

/// The number of failures whose errors are searched for a text.
pub(crate) const MAX_SEARCHED: u32 = 10_000;

/// The number of failures that a search reads at once.
const CHUNK: u32 = 1000;

/// The most time for the parts of a page that are left out if they take longer.
const SHORT_LIMIT: Duration = Duration::from_millis(500);

/// Returns the result of a query, or `None` if it takes too long.
pub(crate) async fn soon<T>(
    query: impl Future<Output = Result<T, InboxError>>,
) -> Result<Option<T>, InboxError> {
    timeout(SHORT_LIMIT, query).await.map_or(Ok(None), |result| result.map(Some))
}

/// A page of a list, newest first.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) events: Vec<EventInfo>,
    /// Whether there are newer events.
    pub(crate) has_newer: bool,
    /// Whether there are older events.
    pub(crate) has_older: bool,
}

/// Returns a page of up to `limit` events.
pub(crate) async fn find(
    store: &dyn Store,
    filter: &EventFilter,
    cursor: Cursor,
    limit: u32,
) -> Result<Found, InboxError> {
    if let Some(text) = &filter.text {
        return search(store, filter, text, cursor, limit).await;
    }
    let query = Query::new(filter.filter.clone()).limit(limit);
    match cursor {
        Cursor::Newest => {
            let page = store.list(query.newest_first()).await?;
            Ok(Found { has_newer: false, has_older: page.next.is_some(), events: page.items })
        }
        Cursor::Older(key) => {
            let page = store.list(query.newest_first().after(key)).await?;
            Ok(Found { has_newer: true, has_older: page.next.is_some(), events: page.items })
        }
        Cursor::Newer(key) => {
            let mut page = store.list(query.after(key)).await?;
            page.items.reverse();
            Ok(Found { has_newer: page.next.is_some(), has_older: true, events: page.items })
        }
    }
}

/// Returns the next newer and the next older event of a filter.
pub(crate) async fn neighbours(
    store: &dyn Store,
    filter: &EventFilter,
    key: EventKey,
) -> Result<(Option<EventKey>, Option<EventKey>), InboxError> {
    let one = async |cursor| {
        let found = find(store, filter, cursor, 1).await?;
        Ok::<_, InboxError>(found.events.first().map(|event| event.key))
    };
    tokio::try_join!(one(Cursor::Newer(key)), one(Cursor::Older(key)))
}

/// Returns the head of a lane, unless its state changes meanwhile.
pub(crate) async fn head(store: &dyn Store, lane: Lane) -> Result<Option<EventKey>, InboxError> {
    let one = async |state| {
        let page = store.list(Query::new(Filter::new().lane(lane).state(state)).limit(1)).await?;
        Ok::<_, InboxError>(page.items.first().map(|event| event.key))
    };
    let (ready, delayed, leased) =
        tokio::try_join!(one(EventState::Ready), one(EventState::Delayed), one(EventState::Leased))?;
    Ok(ready.or(delayed).or(leased))
}

/// Returns the state whose events a search reads.
pub(crate) fn searched_state(filter: &EventFilter) -> EventState {
    filter.filter.state.unwrap_or(EventState::Dead)
}

/// Searches the newest failures. No index helps with a text inside an error.
async fn search(
    store: &dyn Store,
    filter: &EventFilter,
    text: &str,
    cursor: Cursor,
    limit: u32,
) -> Result<Found, InboxError> {
    let (limit, text) = (limit as usize, text.to_lowercase());
    let contains =
        |error: &Option<String>| error.as_ref().is_some_and(|error| error.to_lowercase().contains(&text));
    let filter = filter.filter.clone().state(searched_state(filter));
    let mut query = Query::new(filter).newest_first().limit(CHUNK);
    let (mut found, mut searched) = (VecDeque::new(), 0);
    let (mut has_newer, mut has_older) = (false, false);
    'pages: while searched < MAX_SEARCHED {
        let page = store.list(query.clone()).await?;
        for event in page.items {
            let is_match = contains(&event.reason) || contains(&event.last_error);
            match cursor {
                _ if !is_match => {}
                Cursor::Older(key) if event.key >= key => has_newer = true,
                Cursor::Newer(key) if event.key <= key => {
                    has_older = true;
                    break 'pages;
                }
                Cursor::Newer(_) => {
                    found.push_back(event);
                    if found.len() > limit {
                        found.pop_front();
                        has_newer = true;
                    }
                }
                Cursor::Newest | Cursor::Older(_) => {
                    if found.len() == limit {
                        has_older = true;
                        break 'pages;
                    }
                    found.push_back(event);
                }
            }
        }
        searched += CHUNK;
        // A store in memory answers at once, and the other tasks of this thread wait meanwhile.
        yield_now().await;
        match page.next {
            Some(last) => query = query.after(last),
            None => break,
        }
    }
    Ok(Found { events: found.into(), has_newer, has_older })
}
