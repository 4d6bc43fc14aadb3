//! A Redis for one test.

use std::{
    fmt,
    net::TcpListener,
    os::unix::fs::OpenOptionsExt as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use saas_core::Id;
use tempfile::TempDir;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Redis, and a prefix for keys that no other test has.
pub struct TestRedis {
    url: String,
    prefix: String,
    own: Option<Own>,
}

/// A server that this test alone uses.
struct Own {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl TestRedis {
    /// Gives the Redis that all tests share.
    ///
    /// # Panics
    ///
    /// When `TEST_REDIS_URL` is not set.
    #[must_use]
    pub fn shared() -> Self {
        let url = variable(
            "TEST_REDIS_URL",
            "Redis: run `cargo xtask test`, or set TEST_REDIS_URL",
        );
        Self {
            url,
            prefix: prefix(),
            own: None,
        }
    }

    /// Starts a Redis of the test's own, which it can end, start again and freeze. It keeps nothing on the disk.
    ///
    /// # Panics
    ///
    /// When `TEST_REDIS_SERVER` is not set or the program does not start.
    #[must_use]
    pub fn own() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let password = Id::<()>::generate().as_uuid().simple().to_string();
        let config = format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\n"
        );
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.path().join("conf"));
        std::io::Write::write_all(&mut file.expect("a file"), config.as_bytes()).expect("a file");
        let mut redis = Self {
            url: format!("redis://default:{password}@127.0.0.1:{port}/"),
            prefix: prefix(),
            own: Some(Own {
                folder,
                port,
                server: None,
            }),
        };
        redis.start();
        redis
    }

    /// Gives the URL, with the password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives what the keys of this test begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Starts the server again, with nothing in it but what a `SAVE` has written.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(&mut self) {
        let own = self.own.as_mut().expect("a server of the test's own");
        let program = variable(
            "TEST_REDIS_SERVER",
            "the program `redis-server`: run `cargo xtask test`, or set TEST_REDIS_SERVER",
        );
        let server = Command::new(program)
            .arg(own.folder.path().join("conf"))
            .current_dir(own.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        own.server = Some(server.expect("Redis starts"));
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", own.port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "Redis does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the server as `kill -9` does.
    pub fn kill(&mut self) {
        let own = self.own.as_mut();
        if let Some(mut server) = own.and_then(|own| own.server.take()) {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Stops the server in its tracks: connections stay open, and nothing answers.
    ///
    /// # Panics
    ///
    /// When the server is not one of the test's own, or does not run.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a frozen server go on.
    ///
    /// # Panics
    ///
    /// As [`TestRedis::freeze`].
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let server = self.own.as_ref().and_then(|own| own.server.as_ref());
        let process = server.expect("a running server of the test's own").id();
        let sent = Command::new("kill")
            .args([signal, &process.to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal}");
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for TestRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRedis")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn prefix() -> String {
    format!("test:{}:", Id::<()>::generate().as_uuid().simple())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variables are how `cargo xtask test` names its servers"
)]
fn variable(name: &str, needed: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("this test needs {needed}"))
}
