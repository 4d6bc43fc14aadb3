//! The client.

use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::json;

const CONNECTIONS: usize = 32;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Read,
    List,
    Insert,
}

impl Work {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::List, Self::Insert];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "one row by id",
            Self::List => "a list of 20",
            Self::Insert => "an insert",
        }
    }
}

/// Where it is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The address of the list.
    pub(crate) list: String,
    pub(crate) id: String,
    pub(crate) token: Option<String>,
}

/// What one round showed.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) requests: usize,
    pub(crate) seconds: f64,
    /// Sorted.
    latencies: Vec<Duration>,
}

impl Round {
    /// In milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len() - 1);
        self.latencies[at].as_secs_f64() * 1e3
    }
}

/// Asks over 32 connections for so long.
pub(crate) async fn run(target: &Target, work: Work, for_so_long: Duration) -> Round {
    let client = Client::builder()
        .pool_max_idle_per_host(CONNECTIONS)
        .build()
        .unwrap();
    let begun = Instant::now();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, target) = (client.clone(), target.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while begun.elapsed() < for_so_long {
                    let asked = Instant::now();
                    send(&client, &target, work).await;
                    latencies.push(asked.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for sender in senders {
        latencies.extend(sender.await.unwrap());
    }
    let seconds = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Round {
        requests: latencies.len(),
        seconds,
        latencies,
    }
}

async fn send(client: &Client, target: &Target, work: Work) {
    let (list, id) = (&target.list, &target.id);
    let (mut request, status) = match work {
        Work::Read => (client.get(format!("{list}/{id}")), 200),
        Work::List => (client.get(format!("{list}?limit=20")), 200),
        Work::Insert => {
            let request = client.request(Method::POST, list);
            (request.json(&json!({ "name": "one more" })), 201)
        }
    };
    if let Some(token) = &target.token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let (found, body) = (response.status(), response.text().await.unwrap());
    assert_eq!(found, status, "{list}: {body}");
}
