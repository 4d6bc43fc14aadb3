//! When a process is told to stop.

use std::io;

/// Listens from now on for the signals by which a process is told to stop.
///
/// Those are SIGINT and SIGTERM, or Ctrl-C on Windows. What is given completes with the first of them, and is what
/// [`serve`](super::serve) takes to drain.
///
/// ```no_run
/// use saas_core::edge::{ServeConfig, listen, serve, stop_signal};
///
/// # async fn example(router: axum::Router) -> std::io::Result<()> {
/// let stop = stop_signal()?;
/// serve(listen("127.0.0.1:8080").await?, router, ServeConfig::default(), stop).await
/// # }
/// ```
///
/// From the first call on the process does not end by itself at these signals. To let a second one end it, listen again.
///
/// # Errors
///
/// When the system lets nobody listen.
///
/// # Panics
///
/// Outside of a runtime of tokio.
#[cfg(any(unix, windows))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}
