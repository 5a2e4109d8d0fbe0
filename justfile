# What one can do here. CI is `just ci`; each of its parts is a recipe too.

# What there is
list:
    @just --list --unsorted

# Everything that CI does, in its order
ci:
    .ci/run

# Format the code
fmt:
    cargo fmt

# Format check, clippy, docs without warnings, and the scenarios
lint:
    .ci/run fmt clippy docs
    cargo run --quiet -- lint

# The tests, every scenario on the embedded reference among them
test *ARGS:
    cargo test {{ ARGS }}

# Install pinned emulators under target/emulators/
emulators *NAMES='moto':
    tools/emulators.sh {{ NAMES }}

# moto's own tests of Secrets Manager against `smcheck serve --model`
moto-tests *ARGS:
    tools/moto_tests.sh {{ ARGS }}

# Run the scenarios against every emulator that is installed, or these
emulators-run *NAMES:
    tools/emulators_run.sh {{ NAMES }}

# Run the scenarios against a target that was installed so
run TARGET='embedded' *ARGS:
    cargo run --release -- run -t {{ TARGET }} {{ ARGS }}

# Build the packages and try each from a clean environment
packages:
    packaging/build.sh
    packaging/try.sh

# Every mutant of the model, judged by the catalogue; hours, and may be interrupted
mutants:
    tools/mutants.py run
    tools/mutants.py record
    tools/mutants.py page

# Licences, sources and bans of the dependencies
audit:
    .ci/run licences

# Known vulnerabilities of the dependencies; fetches the advisory database
advisories:
    cargo deny check advisories

# Hold src/service/secretsmanager.json against the pinned botocore
shapes:
    .ci/run shapes

# The benchmarks that docs/performance.md reports
bench *ARGS:
    cargo bench {{ ARGS }}
