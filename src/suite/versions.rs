//! Which version of an emulator smcheck was tried with: the first line of its list of known deviations says it, and
//! nothing else has to.

use std::path::Path;

use super::catalogue::built_in_known;
use crate::judge::KnownList;

/// For which emulator and version a list of known deviations was written, as its first line says:
/// `# What moto 5.2.5 does differently from AWS …`.
pub fn written_for(list: &str) -> Option<(&str, &str)> {
    let (of, _) = list.lines().next()?.strip_prefix("# What ")?.split_once(" does differently")?;
    of.split_once(' ').filter(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// Says where a list was written for another version of an emulator than this one.
pub fn misfit(list: &KnownList, version: Option<&str>) -> Option<String> {
    let text = std::fs::read_to_string(&list.path).ok();
    let stem = Path::new(&list.path).file_stem()?.to_string_lossy();
    let text = text.as_deref().or_else(|| built_in_known(&stem))?;
    let (name, wanted) = written_for(text)?;
    // Some say their name before it.
    let version = version.filter(|version| !version.split_whitespace().any(|word| word == wanted))?;
    Some(format!(
        "{} was written for {name} {wanted}, and this is {version}: not all of it may fit",
        list.path
    ))
}

/// The version that a preset was tried with.
pub fn version_of(preset: &str) -> Option<&'static str> {
    built_in_known(preset).and_then(written_for).map(|(_, version)| version)
}

/// What `pip install` is given to have the emulator of a preset, for those that it has.
pub fn pip(preset: &str) -> Option<String> {
    let package = match preset {
        "moto" => "'moto[server]",
        "ministack" | "localemu" => preset,
        _ => return None,
    };
    let end = if package.starts_with('\'') { "'" } else { "" };
    version_of(preset).map(|version| format!("{package}=={version}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_for_another_version_is_told() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("moto.yaml");
        let text = "# What moto 5.2.5 does differently from AWS.\nsmcheck: 1\nentries: []\n";
        std::fs::write(&path, text).expect("it can be written");
        let list = KnownList::read(&path).expect("it is a list");
        assert_eq!(misfit(&list, Some("moto 5.2.5")), None);
        assert_eq!(misfit(&list, None), None);
        let said = misfit(&list, Some("5.2.1")).expect("it is another");
        assert!(said.contains("for moto 5.2.5, and this is 5.2.1"), "{said}");
    }

    #[test]
    fn each_list_of_an_emulator_says_the_version_that_is_installed_for_it() {
        for name in ["awsim", "fakecloud", "localemu", "localstack", "ministack", "moto"] {
            let list = built_in_known(name).expect("it is in the binary");
            let path = format!("{}/tools/emulators/{name}.txt", env!("CARGO_MANIFEST_DIR"));
            let pins = std::fs::read_to_string(path).expect("each can be installed");
            let (_, version) =
                written_for(list).unwrap_or_else(|| panic!("known/{name}.yaml says no version"));
            let pinned = pins.lines().any(|line| {
                let line = line.trim_start_matches("# cargo: ");
                line.split_once("==").or(line.split_once(' ')).is_some_and(|(package, pin)| {
                    package.split(['[', '-']).next() == Some(name)
                        && pin.trim() == version
                        && version_of(name) == Some(version)
                })
            });
            assert!(pinned, "{name} {version} is not what tools/emulators/{name}.txt installs");
        }
    }

    #[test]
    fn pip_is_told_the_version() {
        let of = |name: &str| pip(name).unwrap_or_default();
        assert!(of("moto").starts_with("'moto[server]==") && of("moto").ends_with('\''), "{}", of("moto"));
        assert!(of("ministack").starts_with("ministack=="));
        assert_eq!(pip("awsim"), None);
    }
}
