//! Detection of poolers that share one session of the server between clients.
//!
//! The settings, prepared statements and locks of a session are then those of other clients.

use sqlx::{PgConnection, Row};
use tokio::time::timeout;

use super::session::{LONGEST_WAIT, Session, Sessions};
use crate::inbox::InboxError;

const PID: &str = "SELECT pg_backend_pid()::text";

/// The number of statements after which a pooler that takes turns has used another session.
const TURNS: usize = 3;

/// Returns whether statements of one client run in different sessions of the server, or statements
/// of two clients in the same one.
pub(super) async fn is_sharing(sessions: &Sessions) -> Result<bool, InboxError> {
    let mut session = sessions.take().await?;
    let is_sharing = compare(&mut session, sessions).await;
    session.end(is_sharing)
}

async fn compare(session: &mut Session, sessions: &Sessions) -> sqlx::Result<bool> {
    let first = pid(session.connection()?).await?;
    for _ in 1..TURNS {
        if pid(session.connection()?).await? != first {
            return Ok(true);
        }
    }
    let Some(mut other) = sessions.connect_another().await else { return Ok(false) };
    // The transaction gets the session that was used last, which is free, unless the pooler keeps
    // it for the first client. A pooler may have none for the second client.
    let begin = async {
        sqlx::raw_sql("BEGIN").execute(&mut other).await?;
        pid(&mut other).await
    };
    match timeout(LONGEST_WAIT, begin).await {
        Ok(Ok(second)) => Ok(second == first || pid(session.connection()?).await? != first),
        _ => Ok(false),
    }
}

/// Returns the process of the server that runs the statement. The simple protocol is used, because
/// a pooler can separate a prepared statement from its execution.
async fn pid(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::raw_sql(PID).fetch_one(connection).await?.try_get(0)
}
