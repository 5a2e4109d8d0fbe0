//! Parts of a catalogue, for CI that runs them on several machines at once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::scenario::Scenario;

/// How many parts there may be. More have no use: a part begins with starting the target.
const MOST: u32 = 1000;

/// One part of a catalogue: each scenario, every case for itself, is in exactly one of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    how: How,
    part: u32,
    of: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Hash,
    Slice,
}

/// A text that names no part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no part of a catalogue: write hash:1/4 or slice:1/4, from 1/N to N/N, with N at most {MOST}"
)]
pub struct BadPartition(String);

impl FromStr for Partition {
    type Err = BadPartition;

    fn from_str(text: &str) -> Result<Self, BadPartition> {
        let read = || {
            let (how, rest) = text.split_once(':')?;
            let how = match how {
                "hash" => How::Hash,
                "slice" => How::Slice,
                _ => return None,
            };
            let (part, of) = rest.split_once('/')?;
            // `parse` would take a sign too.
            let number = |text: &str| {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| text.parse::<u32>().ok()).flatten()
            };
            let (part, of) = (number(part)?, number(of)?);
            ((1..=MOST).contains(&of) && (1..=of).contains(&part)).then_some(Partition { how, part, of })
        };
        read().ok_or_else(|| BadPartition(text.to_owned()))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Hash => "hash",
            How::Slice => "slice",
        };
        write!(f, "{how}:{}/{}", self.part, self.of)
    }
}

impl Partition {
    /// Which part it is, counted from 1.
    pub fn part(&self) -> u32 {
        self.part
    }

    /// How many parts there are.
    pub fn of(&self) -> u32 {
        self.of
    }

    /// Whether two are parts of one whole.
    pub fn is_beside(&self, other: &Partition) -> bool {
        (self.how, self.of) == (other.how, other.of)
    }

    /// The same cut, another part.
    #[must_use]
    pub fn other(&self, part: u32) -> Self {
        Partition { part, ..*self }
    }

    /// Whether a scenario is in this part. `at` is its place among all scenarios that were chosen, in the order of their
    /// ids; only `slice` asks for it.
    pub fn holds(&self, id: &str, at: usize) -> bool {
        let number = match self.how {
            How::Hash => {
                // A hash that is the same on every machine and in every version; the first bytes are as good as all.
                let hash = Sha256::digest(id.as_bytes());
                hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
            }
            How::Slice => at as u64,
        };
        number % u64::from(self.of) == u64::from(self.part - 1)
    }

    /// The scenarios of this part, in the order in which they were given.
    pub fn choose(&self, scenarios: &[Arc<Scenario>]) -> Vec<Arc<Scenario>> {
        let all = scenarios.iter().enumerate();
        all.filter(|(at, scenario)| self.holds(&scenario.id, *at))
            .map(|(_, scenario)| Arc::clone(scenario))
            .collect()
    }
}

/// The scenarios in an order that only the seed decides: to find one that passes or fails because of what ran before.
pub fn shuffle(scenarios: &mut [Arc<Scenario>], seed: u64) {
    scenarios.sort_by_cached_key(|scenario| {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(scenario.id.as_bytes());
        (hash.finalize().to_vec(), scenario.id.clone())
    });
}
