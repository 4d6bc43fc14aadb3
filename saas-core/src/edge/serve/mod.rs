//! A service on a socket.

mod answer;
mod chatter;
mod config;
mod connection;
mod linger;
mod patient;
mod question;
mod refusal;
mod seat;
mod stop;
#[cfg(feature = "tls")]
mod tls;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::Request;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream, lookup_host},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tower_service::Service;

use self::{connection::Connection, seat::Seats};
pub use config::ServeConfig;
#[cfg(any(unix, windows))]
pub use stop::stop_signal;
#[cfg(feature = "tls")]
pub use tls::TlsConfig;

/// After so long it is tried once more to find a place or a descriptor.
const AGAIN: Duration = Duration::from_millis(200);

/// How many connections may wait to be accepted, where the kernel lets as many (`net.core.somaxconn`).
const QUEUE: u32 = 4096;

/// Listens on an address such as `127.0.0.1:8080` or `localhost:0`, with a queue that bears a burst of connections: a client
/// for whom there is no room in it tries again only after a second.
///
/// # Errors
///
/// When the name is not found, or no address of it can be listened on.
///
/// # Cancel safety
///
/// Nothing is left behind.
pub async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host(address).await? {
        let listening = open(address).and_then(|socket| socket.listen(QUEUE));
        match listening {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn open(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // An instance that was just stopped leaves connections behind that do not listen.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves HTTP/1.1 and HTTP/2 until `stop` completes, then lets the requests that are under way
/// finish within the drain timeout.
///
/// Each request carries the address of its peer as `ConnectInfo<SocketAddr>`.
///
/// # Errors
///
/// None of a connection; those are dropped. Only when the listener itself, or the certificate that the configuration
/// names, is unusable.
///
/// # Cancel safety
///
/// Dropping the future closes the listener and cuts the open connections.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    config: ServeConfig,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    #[cfg(feature = "tls")]
    let tls = config.tls.as_ref().map(tls::Tls::open).transpose()?;
    #[cfg(feature = "tls")]
    let follow = async {
        match tls.clone() {
            Some(tls) => tls.follow().await,
            None => std::future::pending().await,
        }
    };
    #[cfg(not(feature = "tls"))]
    let follow = std::future::pending::<()>();
    let until = async {
        tokio::select! {
            () = stop => {}
            () = follow => {}
        }
    };
    let mut until = std::pin::pin!(until);
    let (builder, seats) = (connection::builder(&config), Seats::default());
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(config.places()));
    let cut = watch::Sender::new(());
    for number in 0.. {
        let accepted = async {
            let (stream, peer) = accept(&listener, &seats).await;
            (place(&places, &seats).await, stream, peer)
        };
        let (place, stream, peer) = tokio::select! {
            accepted = accepted => accepted,
            () = until.as_mut() => break,
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            peer,
            service: service.clone(),
            builder: builder.clone(),
            watcher: graceful.watcher(),
            taken: seats.take(number),
            header_timeout: config.header_timeout.into(),
            write_timeout: config.write_timeout.into(),
        };
        #[cfg(feature = "tls")]
        let acceptor = tls.as_ref().map(|tls| tls.acceptor());
        let served = async move {
            let _place = place;
            #[cfg(feature = "tls")]
            match acceptor {
                Some(acceptor) => connection.serve(acceptor.accept(stream)).await,
                None => connection.serve(std::future::ready(Ok(stream))).await,
            }
            #[cfg(not(feature = "tls"))]
            connection.serve(std::future::ready(Ok(stream))).await;
        };
        let mut cut = cut.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = served => {}
                // What it waits for is told, or is gone, at the end of `serve`.
                _ = cut.changed() => {}
            }
        });
    }
    drop(listener);
    if timeout(config.drain_timeout.into(), graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
    // Now those that are left end, and what they hold comes back.
    drop(cut);
    Ok(())
}

/// Takes a place. While all are taken, those of idle connections are asked for.
async fn place(places: &Arc<Semaphore>, seats: &Seats) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        seats.end_idle();
        // One that was busy may have become idle.
        let place = timeout(AGAIN, Arc::clone(places).acquire_owned()).await;
        if let Ok(place) = place {
            return place.ok();
        }
    }
}

/// Accepts a connection. When the process has no descriptor left, one that is idle is ended.
async fn accept(listener: &TcpListener, seats: &Seats) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                let gone = [
                    io::ErrorKind::ConnectionAborted,
                    io::ErrorKind::ConnectionReset,
                ];
                if !gone.contains(&error.kind()) {
                    tracing::error!(%error, "no connection can be accepted");
                    seats.end_idle();
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
