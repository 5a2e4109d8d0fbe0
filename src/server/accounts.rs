//! The accounts of the reference: one world for all, and dice for each account and region.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use super::function::{self, Turn};
use crate::model::{Answer, Given, Invocation, Random, State, World, apply};
use crate::service::SecretArn;
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
    regions: HashMap<String, Region>,
    latest: Timestamp,
    /// How far its clock was moved, in milliseconds.
    moved: i64,
}

/// What belongs to one account in one region besides its secrets.
struct Region {
    dice: Dice,
    /// Before this moment no scheduled rotation is due.
    rotations: Option<Timestamp>,
}

/// The model, where and by whom it is called.
struct Here<'h> {
    world: &'h mut World,
    dice: &'h mut Dice,
    place: Place<'h>,
}

impl Turn for Here<'_> {
    fn call(&mut self, operation: &str, input: &Value, at: Timestamp) -> Answer {
        let mut given = Given {
            now: at,
            account: self.place.account,
            region: self.place.region,
            partition: self.place.partition,
            functions: self.place.functions,
            random: self.dice,
        };
        apply(self.world, operation, input, &mut given)
    }

    fn state(&mut self, at: Timestamp) -> &mut State {
        self.world.at(self.place.account, self.place.region, at)
    }

    fn start(&mut self, name: &str, at: Timestamp) -> Option<Invocation> {
        self.world.at(self.place.account, self.place.region, at).start_rotation(name, at, self.dice)
    }
}

/// All accounts, behind one lock: a call may reach other regions and accounts, and takes microseconds.
pub(super) struct Accounts {
    seed: u64,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    world: World,
    accounts: HashMap<String, Account>,
}

impl Accounts {
    pub(super) fn new(seed: u64) -> Self {
        Accounts { seed, all: Mutex::default() }
    }

    /// Moves the clock of one account forward, in all its regions; says what time it is there. `None` when it would
    /// leave the years that a calendar knows.
    pub(super) fn advance(&self, name: &str, by: Duration, now: Timestamp) -> Option<Timestamp> {
        let mut all = lock(&self.all);
        let moved = &mut account(&mut all.accounts, name).moved;
        let by = i64::try_from(by.as_millis()).ok()?;
        *moved = moved.checked_add(by).filter(|sum| *sum <= FARTHEST_MS)?;
        Some(now.plus_ms(*moved))
    }

    /// Forgets all secrets of all accounts, and that their clocks were moved.
    pub(super) fn reset(&self) {
        *lock(&self.all) = All::default();
    }

    /// Answers one call.
    pub(super) fn apply(&self, place: Place<'_>, operation: &str, input: &Value) -> Answer {
        let mut all = lock(&self.all);
        let All { world, accounts } = &mut *all;
        let Account { regions, latest, moved } = account(accounts, place.account);
        // The machine's clock may be set back; an account's time may not.
        let now = place.now.plus_ms(*moved).max(*latest);
        let Region { dice, rotations } = self.region(regions, place.account, place.region);
        let ours = |function: &str| function::is_ours(function, place.partition, place.region);
        let mut here = Here { world, dice, place };
        if rotations.is_some_and(|due| due <= now) {
            *rotations = function::catch_up(&mut here, ours, latest, now);
        }
        *latest = now;
        if operation != "RotateSecret" {
            return here.call(operation, input, now);
        }
        // A function of ours may be called besides those that the client plays.
        let asked = input.get("RotationLambdaARN").and_then(Value::as_str).filter(|asked| ours(asked));
        let functions: Vec<String> =
            place.functions.iter().cloned().chain(asked.map(str::to_owned)).collect();
        here.place.functions = &functions;
        let answer = here.call(operation, input, now);
        if let Ok(Some(body)) = &answer {
            // The secret may be another account's.
            let arn = body.get("ARN").and_then(Value::as_str).and_then(SecretArn::parse);
            let owner = arn.map_or(place.account, |arn| arn.account);
            here.place.account = owner;
            function::after_rotate(&mut here, ours, input, body, now);
            let next = here.state(now).next_rotation(|_, function| ours(function)).map(|(at, _)| at);
            let regions = &mut account(accounts, owner).regions;
            let rotations = &mut self.region(regions, owner, place.region).rotations;
            *rotations = rotations.iter().copied().chain(next).min();
        }
        answer
    }

    fn region<'r>(
        &self,
        regions: &'r mut HashMap<String, Region>,
        account: &str,
        name: &str,
    ) -> &'r mut Region {
        regions.entry(name.to_owned()).or_insert_with(|| {
            // The dice of an account do not depend on which other accounts there are.
            Region { dice: Dice::new(hash(hash(self.seed, account), name)), rotations: None }
        })
    }
}

fn account<'a>(accounts: &'a mut HashMap<String, Account>, name: &str) -> &'a mut Account {
    accounts.entry(name.to_owned()).or_insert_with(|| Account {
        regions: HashMap::new(),
        latest: Timestamp(i64::MIN),
        moved: 0,
    })
}

/// FNV-1a, started from a seed.
fn hash(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
