//! Connections without a request.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

/// The connections on which no request has come yet, in the order in which they came. Whoever opens many and says
/// nothing keeps nobody else out with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Silent(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    number: u64,
    connections: BTreeMap<u64, oneshot::Sender<()>>,
}

/// One of them, for as long as it is.
#[derive(Debug)]
pub(super) struct StillSilent {
    silent: Silent,
    number: u64,
}

impl Silent {
    /// Begins to wait for a request. The receiver ends when the place is needed for somebody else.
    pub(super) fn enter(&self) -> (StillSilent, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.number += 1;
        let number = waiting.number;
        waiting.connections.insert(number, end);
        let silent = self.clone();
        (StillSilent { silent, number }, ended)
    }

    /// Ends the one that has waited for the longest, if there is one.
    pub(super) fn end_oldest(&self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(waiting.connections.pop_first());
    }
}

impl Drop for StillSilent {
    fn drop(&mut self) {
        let mut waiting = self.silent.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.connections.remove(&self.number);
    }
}
