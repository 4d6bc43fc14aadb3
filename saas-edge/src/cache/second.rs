//! What the instances share, in Redis.
//!
//! A value is at a name that holds its cache, the server, the *epoch* of the cache, its tenant, the epoch of the tenant and
//! the digest of its key. A server that was started again from what it had written down, or a replica that takes its place,
//! may have what was forgotten since; it has another name, so nothing of that is found.
//!
//! Who begins a new epoch has forgotten everything before it. An epoch begins at the time of the server when there is none,
//! so one that was lost does not come again. Beside the epoch of a tenant stands a count of what was invalidated in it: what
//! was read before a change finds another count and is not stored.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::redis::{FromRedisValue, Script, ScriptInvocation};
use saas_core::{KeyRing, Purpose, TenantId};
use serde::{Serialize, de::DeserializeOwned};

use super::{EntryKey, Kept, watch::Invalidation};
use crate::RedisConnection;

const PURPOSE: Purpose = Purpose::new("saas-edge/cache/1");

/// The largest value that is shared, in bytes.
const MAX_VALUE: usize = 1 << 20;

/// How much longer an epoch is remembered than what is stored in it.
const LONGER: Duration = Duration::from_secs(600);

/// Gives the epochs and the count, and the value. `KEYS` are the cache and the tenant in it; `ARGV` how long the epoch of a
/// tenant lasts at least, in milliseconds, the digest, and how long that of the cache lasts.
const FIND: &str = r"
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = now
  redis.call('SET', KEYS[1], epoch, 'PX', ARGV[3])
end
local tenant = KEYS[2] .. ':' .. epoch
local of = redis.call('HMGET', tenant, 'epoch', 'count')
if not of[1] or not of[2] then
  of = {now, '0'}
  redis.call('HSET', tenant, 'epoch', now, 'count', '0')
  redis.call('PEXPIRE', tenant, ARGV[1])
end
return {epoch, of[1], of[2], redis.call('GET', tenant .. ':' .. of[1] .. ':' .. ARGV[2])}
";

/// How long the epoch of a cache lasts, so that those of servers that are gone end; then everything is read anew, once.
const EPOCH: Duration = Duration::from_secs(30 * 86_400);

/// Stores a value, if nothing was invalidated since it was looked for. `ARGV` are the epochs, the count, the digest, the
/// value, and how long it and the epochs last.
const STORE: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local tenant = KEYS[2] .. ':' .. ARGV[1]
local of = redis.call('HMGET', tenant, 'epoch', 'count')
if of[1] ~= ARGV[2] or of[2] ~= ARGV[3] then return 0 end
redis.call('SET', tenant .. ':' .. ARGV[2] .. ':' .. ARGV[4], ARGV[5], 'PX', ARGV[6])
if redis.call('PTTL', tenant) < tonumber(ARGV[7]) then redis.call('PEXPIRE', tenant, ARGV[7]) end
return 1
";

/// Forgets the value of a digest, or, where there is none, everything of the tenant.
const FORGET: &str = r"
local epoch = redis.call('GET', KEYS[1])
if not epoch then return 0 end
local tenant = KEYS[2] .. ':' .. epoch
local of = redis.call('HGET', tenant, 'epoch')
if not of then return 0 end
if ARGV[1] == '' then redis.call('DEL', tenant) return 1 end
redis.call('HINCRBY', tenant, 'count', 1)
redis.call('DEL', tenant .. ':' .. of .. ':' .. ARGV[1])
return 1
";

/// Forgets everything.
const FORGET_ALL: &str = "redis.call('DEL', KEYS[1]) return 1";

/// The second level of one cache.
pub(super) struct Second {
    name: &'static str,
    connection: RedisConnection,
    keys: KeyRing,
    scripts: Arc<Scripts>,
    /// How many changes of this instance are on their way to Redis. What is there may be older than they.
    fences: Arc<AtomicUsize>,
    /// Set when a change did not get there: nothing there is used until everything was forgotten.
    suspect: Arc<AtomicBool>,
    /// How many changes did not get there.
    lost: Arc<AtomicU64>,
}

struct Scripts {
    find: Script,
    store: Script,
    forget: Script,
    forget_all: Script,
}

/// A change that is on its way.
#[derive(Debug)]
pub(super) struct Fence(Arc<AtomicUsize>);

/// What Redis had when it was asked.
#[derive(Debug)]
pub(super) struct Found {
    epochs: (String, String, String),
    value: Option<Vec<u8>>,
}

impl Found {
    pub(super) fn kept<V: DeserializeOwned>(&self) -> Option<Kept<V>> {
        // What a newer version wrote may be of another form.
        serde_json::from_slice(self.value.as_ref()?).ok()
    }
}

impl Second {
    pub(super) fn new(name: &'static str, connection: RedisConnection, keys: KeyRing) -> Self {
        let scripts = Scripts {
            find: Script::new(FIND),
            store: Script::new(STORE),
            forget: Script::new(FORGET),
            forget_all: Script::new(FORGET_ALL),
        };
        Self {
            name,
            connection,
            keys,
            scripts: Arc::new(scripts),
            fences: Arc::default(),
            suspect: Arc::default(),
            lost: Arc::default(),
        }
    }

    /// Looks for a value; nothing when Redis cannot be asked, or must not be.
    pub(super) async fn find(&self, key: EntryKey) -> Option<Found> {
        if !self.is_usable() {
            return None;
        }
        type Answer = (String, String, String, Option<Vec<u8>>);
        let asked = self.run::<Answer>(&self.scripts.find, key.tenant, |call| {
            call.arg(millis(LONGER)).arg(hex(&key.digest));
            call.arg(millis(EPOCH));
        });
        let (epoch, of, count, value) = asked.await?;
        // A change may have begun meanwhile.
        if !self.is_usable() {
            return None;
        }
        let value = value.and_then(|sealed| {
            let opened = self.keys.decrypt(PURPOSE, &self.context(key), &sealed);
            opened.ok().map(|plain| plain.expose().clone())
        });
        Some(Found {
            epochs: (epoch, of, count),
            value,
        })
    }

    /// Stores what was loaded after it was looked for.
    pub(super) async fn store<V: Serialize>(
        &self,
        key: EntryKey,
        kept: &Kept<V>,
        lifetime: Duration,
        found: &Found,
    ) {
        let lasts = millis(lifetime);
        let Ok(plain) = serde_json::to_vec(kept) else {
            tracing::error!(cache = self.name, "a value cannot be written");
            return;
        };
        if !self.is_usable() || lasts == 0 || plain.len() > MAX_VALUE {
            return;
        }
        let Ok(sealed) = self.keys.encrypt(PURPOSE, &self.context(key), &plain) else {
            return;
        };
        let (epoch, of, count) = &found.epochs;
        let stored = self.run::<u8>(&self.scripts.store, key.tenant, |call| {
            call.arg(epoch).arg(of).arg(count).arg(hex(&key.digest));
            call.arg(sealed).arg(lasts).arg(millis(lifetime + LONGER));
        });
        stored.await;
    }

    /// Forgets what was changed, or lets everything be forgotten once Redis answers again.
    pub(super) async fn forget(&self, what: Invalidation) {
        let (tenant, digest) = match what {
            Invalidation::One(key) => (key.tenant, hex(&key.digest)),
            Invalidation::All(tenant) => (tenant, String::new()),
        };
        let done = self.run::<u8>(&self.scripts.forget, tenant, |call| {
            call.arg(digest);
        });
        if done.await.is_none() {
            self.lost.fetch_add(1, Ordering::SeqCst);
            if !self.suspect.swap(true, Ordering::SeqCst) {
                tokio::spawn(self.begin_anew());
            }
        }
    }

    /// Says that a change is on its way.
    pub(super) fn fence(&self) -> Fence {
        self.fences.fetch_add(1, Ordering::SeqCst);
        Fence(Arc::clone(&self.fences))
    }

    fn is_usable(&self) -> bool {
        self.fences.load(Ordering::SeqCst) == 0 && !self.suspect.load(Ordering::SeqCst)
    }

    /// Forgets everything of the cache as soon as Redis answers.
    fn begin_anew(&self) -> impl Future<Output = ()> + Send + 'static {
        let (connection, scripts) = (self.connection.clone(), Arc::clone(&self.scripts));
        let (suspect, lost) = (Arc::clone(&self.suspect), Arc::clone(&self.lost));
        let name = self.name;
        async move {
            loop {
                connection.connected().await;
                let before = lost.load(Ordering::SeqCst);
                let prefix = connection.prefix();
                let asked = connection.ask_server(async |mut redis, server| {
                    let call = scripts.forget_all.key(cache(prefix, name, &server));
                    call.invoke_async(&mut redis).await
                });
                let done: Option<u8> = asked.await;
                if done.is_none() {
                    continue;
                }
                suspect.store(false, Ordering::SeqCst);
                // One may have been lost since, by somebody who saw that this task was at it.
                let again = lost.load(Ordering::SeqCst) != before;
                if !again || suspect.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
        }
    }

    /// Runs a script with the names of the cache and of a tenant in it.
    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        tenant: TenantId,
        arguments: impl FnOnce(&mut ScriptInvocation<'_>),
    ) -> Option<T> {
        let prefix = self.connection.prefix();
        let asked = self.connection.ask_server(async |mut redis, server| {
            let cache = cache(prefix, self.name, &server);
            let mut call = script.key(&cache);
            arguments(call.key(format!("{cache}:{tenant}")));
            call.invoke_async(&mut redis).await
        });
        asked.await
    }

    /// What a value is bound to.
    fn context(&self, key: EntryKey) -> Vec<u8> {
        let tenant = key.tenant.as_uuid();
        [tenant.as_bytes(), &key.digest[..], self.name.as_bytes()].concat()
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Second")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn cache(prefix: &str, name: &str, server: &str) -> String {
    format!("{prefix}cache:{name}:{server}")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
