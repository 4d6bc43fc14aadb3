//! The client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

const CONNECTIONS: usize = 32;

/// What one round showed.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) processor: f64,
}

/// Sends so many requests over 32 connections and gives the seconds it took.
pub(crate) async fn run((url, token): &(String, Option<String>), requests: usize) -> f64 {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(CONNECTIONS)
        .build()
        .unwrap();
    let left = Arc::new(AtomicUsize::new(requests));
    let started = Instant::now();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, url, token, left) = (
                client.clone(),
                url.clone(),
                token.clone(),
                Arc::clone(&left),
            );
            tokio::spawn(async move {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok()
                {
                    let mut request = client.get(&url);
                    if let Some(token) = &token {
                        request = request.bearer_auth(token);
                    }
                    let response = request.send().await.unwrap();
                    assert_eq!(response.status(), 200);
                    response.bytes().await.unwrap();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    started.elapsed().as_secs_f64()
}

/// The median of each figure.
pub(crate) fn median(runs: &[Measured]) -> Measured {
    let middle = |which: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(which).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Measured {
        per_second: middle(|run| run.per_second),
        processor: middle(|run| run.processor),
    }
}
