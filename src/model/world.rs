//! All accounts and regions: what a call can reach besides the secrets of its own account and region.

use std::collections::BTreeMap;

use super::given::Given;
use super::state::State;
use crate::service::time::Timestamp;

/// The secrets of all accounts in all regions. Most rules see one [`State`] of it; replication sees it whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// By account, then by region. A state that never had a secret is not kept.
    accounts: BTreeMap<String, BTreeMap<String, State>>,
}

impl World {
    /// A world without secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// The secrets of an account in a region, if it ever had any.
    pub fn region(&self, account: &str, region: &str) -> Option<&State> {
        self.accounts.get(account)?.get(region)
    }

    /// Forgets all secrets whose recovery window has ended. A call does it where it looks.
    pub fn forget_ended(&mut self, now: Timestamp) {
        self.accounts.values_mut().flat_map(BTreeMap::values_mut).for_each(|state| state.forget_ended(now));
    }

    /// The secrets of an account in a region at this time, to be changed.
    pub(crate) fn at(&mut self, account: &str, region: &str, now: Timestamp) -> &mut State {
        let regions = self.accounts.entry(account.to_owned()).or_default();
        let state = regions.entry(region.to_owned()).or_default();
        state.forget_ended(now);
        state
    }

    /// The secrets of an account in a region at this time, to be changed, if it ever had any.
    pub(crate) fn existing(&mut self, account: &str, region: &str, now: Timestamp) -> Option<&mut State> {
        let state = self.accounts.get_mut(account)?.get_mut(region)?;
        state.forget_ended(now);
        Some(state)
    }

    /// The secrets of the account that calls, in the region that it calls.
    pub(crate) fn here(&mut self, given: &Given<'_>) -> &mut State {
        self.at(given.account, given.region, given.now)
    }

    /// Drops a state that never had a secret, so that a call that fails leaves nothing behind.
    pub(crate) fn drop_untouched(&mut self, account: &str, region: &str) {
        if self.region(account, region).is_some_and(|state| state.created == 0)
            && let Some(regions) = self.accounts.get_mut(account)
        {
            regions.remove(region);
            if regions.is_empty() {
                self.accounts.remove(account);
            }
        }
    }
}
