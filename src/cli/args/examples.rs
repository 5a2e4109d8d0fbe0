//! What stands below the help of commands whose arguments are few: examples that a test runs.

pub(super) const LIST: &str = "Examples:\n  \
    smcheck list                   all scenarios\n  \
    smcheck list delete-secret/    those whose id holds this\n  \
    smcheck list --json            ids, titles, files and evidence\n  \
    smcheck list --show labels/move-current-back";

pub(super) const COVERAGE: &str = "Examples:\n  \
    smcheck coverage               what no scenario checks\n  \
    smcheck coverage --all         everything, with the number of scenarios\n  \
    smcheck coverage labels/ --json";

pub(super) const LINT: &str = "Examples:\n  \
    smcheck lint                   scenarios/, known/ and rules/ of this folder\n  \
    smcheck lint scenarios known   two folders\n  \
    smcheck lint --watch           again whenever a file changes";

pub(super) const SCHEMA: &str = "The first line of a scenario file tells an editor where it is:\n  \
    # yaml-language-server: $schema=../schema.json\n\n\
    Examples:\n  \
    smcheck schema\n  \
    smcheck schema > scenarios/schema.json";

pub(super) const TARGETS: &str = "A table [targets.NAME] of smcheck.toml adds one.\n\n\
    Examples:\n  \
    smcheck targets\n  \
    smcheck targets --colour never";

pub(super) const KNOWN: &str = "Examples:\n  \
    smcheck known update -t moto           known/moto.yaml, or what smcheck.toml says\n  \
    smcheck known update -t moto labels/   only what these scenarios meet";

pub(super) const SWEEP: &str = "Only secrets that the ledger of this folder names are deleted, each of \
    which a run of smcheck created here; `--all` takes every secret whose name begins with smcheck_.\n\n\
    Examples:\n  \
    smcheck sweep -t aws --dry-run   what would be deleted\n  \
    smcheck sweep -t aws             delete it";
