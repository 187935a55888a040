use std::{error::Error, time::Duration};

use panora_hooks::{
    on,
    transactions::{CommitError, Marker, Transactions, Tx},
};

struct Own;

impl Transactions for Own {
    type Transaction = Box<()>;
    type Mark = ();

    async fn begin(&self) -> Result<Box<()>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(()))
    }

    async fn mark(
        &self,
        _: &mut Box<()>,
        _: &Marker,
        _: Duration,
    ) -> Result<Option<()>, Box<dyn Error + Send + Sync>> {
        Ok(Some(()))
    }

    async fn commit(&self, _: Box<()>, _: (), _: &Marker) -> Result<(), CommitError> {
        Ok(())
    }
}

#[on("crm.contact.created")]
async fn contact_created(_first: Tx<Own>, _second: Tx<Own>) {}

fn main() {}
