//! The places that requests of one tenant have, of each kind.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use saas_core::{TenantId, limit::LimitKey};
use saas_tenancy::{Share, Shares};
use tokio::time::{Instant, Sleep, sleep, timeout};

/// The places of those who are alike.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) working: Shares,
    /// Where those go who work for so long.
    pub(super) aside: Option<(Shares, Duration)>,
    pub(super) streaming: Shares,
    /// What one caller has of those who stream.
    pub(super) callers: Shares<LimitKey>,
    pub(super) wait: Duration,
}

/// What a request has while it is worked on.
#[derive(Debug)]
pub(super) struct Held {
    _share: Share,
    /// Where it is streamed, of the caller's as well.
    _caller: Option<Share<LimitKey>>,
}

impl From<Share> for Held {
    fn from(share: Share) -> Self {
        Self {
            _share: share,
            _caller: None,
        }
    }
}

pin_project! {
    /// Waits until a request has taken long, and there is a place for those.
    #[derive(Debug)]
    pub(super) struct Aside {
        #[pin]
        late: Sleep,
        after: Duration,
        shares: Shares,
        tenant: TenantId,
    }
}

impl Places {
    /// Takes a place that is free: among those who stream, where a caller is named.
    pub(super) fn try_enter(&self, tenant: TenantId, caller: Option<LimitKey>) -> Option<Held> {
        Some(match caller {
            None => self.working.try_take(tenant)?.into(),
            Some(caller) => Held {
                _caller: Some(self.callers.try_take(caller)?),
                _share: self.streaming.try_take(tenant)?,
            },
        })
    }

    /// Takes a place as [`try_enter`](Self::try_enter) does, or waits for one, and no longer than was said where there are two to wait
    /// for.
    pub(super) async fn enter(&self, tenant: TenantId, caller: Option<LimitKey>) -> Option<Held> {
        Some(match caller {
            None => self.working.take(tenant).await?.into(),
            Some(caller) => {
                let both = async {
                    Some(Held {
                        _caller: Some(self.callers.take(caller).await?),
                        _share: self.streaming.take(tenant).await?,
                    })
                };
                timeout(self.wait, both).await.ok()??
            }
        })
    }

    /// Moves those aside who work for long. Who streams has nowhere to go.
    pub(super) fn aside(&self, tenant: TenantId, is_streamed: bool) -> Option<Aside> {
        let (shares, after) = self.aside.as_ref().filter(|_| !is_streamed)?;
        Some(Aside {
            late: sleep(*after),
            after: *after,
            shares: shares.clone(),
            tenant,
        })
    }
}

impl Future for Aside {
    type Output = Share;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Share> {
        let mut this = self.project();
        loop {
            ready!(this.late.as_mut().poll(context));
            if let Some(share) = this.shares.try_take(*this.tenant) {
                return Poll::Ready(share);
            }
            this.late.as_mut().reset(Instant::now() + *this.after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::share::Placed;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_takes_long_makes_room_for_so_many_and_no_more() {
        let shares = |places| Shares::new(places, usize::MAX, Duration::from_secs(60));
        let after = Duration::from_millis(100);
        let (working, slow, tenant) = (shares(1), shares(1), TenantId::generate());
        let places = Places {
            working,
            aside: Some((slow, after)),
            streaming: shares(1),
            callers: Shares::new(1, usize::MAX, after * 600),
            wait: after * 600,
        };
        let begun = Instant::now();
        // Each takes a second once it has a place; the third shows when one of the others is done.
        let one = async |is_streamed: bool| {
            let caller = is_streamed.then(|| LimitKey::new("x", &[]));
            let held = places.enter(tenant, caller).await;
            let at = begun.elapsed().as_millis();
            let aside = places.aside(tenant, is_streamed);
            Placed::new(sleep(after * 10), held, aside).await;
            at
        };
        let small = async || tokio::join!(one(false), one(false), one(false));
        let large = async || tokio::join!(one(true), one(true));
        let (small, large) = tokio::join!(small(), large());
        // The second has nowhere to go until the first is done, at 1,000, and looks every 100.
        assert!(matches!(small, (0, 100..=120, 1_000..=1_120)), "{small:?}");
        assert!(matches!(large, (0, 1_000..=1_020)), "{large:?}");
    }
}
