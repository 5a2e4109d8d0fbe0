//! The accounts of the reference: one world for all, and dice for each account and region.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::model::{Answer, Given, Random, World, apply};
use crate::service::time::{DAY_MS, Timestamp};

/// No clock is moved farther than a thousand years.
const FARTHEST_MS: i64 = 365_250 * DAY_MS;

/// Dice from a seeded generator.
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(StdRng::seed_from_u64(seed))
    }

    /// A text of random letters out of an alphabet.
    pub(super) fn text(&mut self, letters: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(letters[self.below(letters.len() as u32) as usize])).collect()
    }
}

impl Random for Dice {
    fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 { 0 } else { self.0.random_range(0..bound) }
    }
}

/// Locks, also after a panic elsewhere: every rule of the model checks before it changes anything.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a request goes, and when.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) partition: &'a str,
    pub(super) functions: &'a [String],
    pub(super) now: Timestamp,
}

/// What belongs to one account besides its secrets.
struct Account {
    /// By region.
    dice: HashMap<String, Dice>,
    latest: Timestamp,
}

/// All accounts, behind one lock: a call may reach other regions and accounts, and takes microseconds.
pub(super) struct Accounts {
    seed: u64,
    all: Mutex<All>,
    /// How far the clock of an account was moved, in milliseconds.
    moved: RwLock<HashMap<String, i64>>,
}

#[derive(Default)]
struct All {
    world: World,
    accounts: HashMap<String, Account>,
}

impl Accounts {
    pub(super) fn new(seed: u64) -> Self {
        Accounts { seed, all: Mutex::default(), moved: RwLock::default() }
    }

    /// Moves the clock of one account forward, in all its regions; says what time it is there. `None` when the
    /// account would leave the years that a calendar knows.
    pub(super) fn advance(&self, account: &str, by: Duration, now: Timestamp) -> Option<Timestamp> {
        let mut moved = self.moved.write().unwrap_or_else(PoisonError::into_inner);
        let there = moved.entry(account.to_owned()).or_insert(0);
        let sum =
            i64::try_from(by.as_millis()).ok()?.checked_add(*there).filter(|sum| *sum <= FARTHEST_MS)?;
        *there = sum;
        Some(now.plus_ms(sum))
    }

    /// How far the clock of an account was moved.
    fn moved(&self, account: &str) -> i64 {
        let moved = self.moved.read().unwrap_or_else(PoisonError::into_inner);
        moved.get(account).copied().unwrap_or(0)
    }

    /// Forgets all secrets of all accounts, and that their clocks were moved.
    pub(super) fn reset(&self) {
        *lock(&self.all) = All::default();
        self.moved.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Answers one call.
    pub(super) fn apply(&self, place: Place<'_>, operation: &str, input: &Value) -> Answer {
        let mut all = lock(&self.all);
        let All { world, accounts } = &mut *all;
        let Account { dice, latest } = accounts
            .entry(place.account.to_owned())
            .or_insert_with(|| Account { dice: HashMap::new(), latest: Timestamp(i64::MIN) });
        // The machine's clock may be set back; an account's time may not.
        *latest = place.now.plus_ms(self.moved(place.account)).max(*latest);
        // The dice of an account do not depend on which other accounts there are.
        let seed = hash(hash(self.seed, place.account), place.region);
        let dice = dice.entry(place.region.to_owned()).or_insert_with(|| Dice::new(seed));
        let mut given = Given {
            now: *latest,
            account: place.account,
            region: place.region,
            partition: place.partition,
            functions: place.functions,
            random: dice,
        };
        apply(world, operation, input, &mut given)
    }
}

/// FNV-1a, started from a seed.
fn hash(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
