//! Reports that are written, read again, put together and compared, and what they tell first.

use serde_json::Value;
use smcheck::report::json;

use super::made::{asks, code, folder, read, some};
use super::program::{command, said, smcheck};

#[test]
fn a_report_that_is_read_again_is_what_was_written() {
    let here = some();
    let run = smcheck(here.path(), &["run", "--report", "json=r.json"]);
    assert_eq!(code(&run), 1, "{}", said(&run));
    let text = read(&here.path().join("r.json"));
    let again = json::read(&text).expect("it is a report");
    assert_eq!(json::render_part(&again.runs, again.part.as_deref()), text);
    let verdicts = &again.runs[0].verdicts;
    let wrong = verdicts.iter().find(|verdict| verdict.id == "b/cases[wrong]").expect("it ran");
    assert_eq!(wrong.about.operations, ["DescribeSecret", "GetSecretValue"]);
    assert_eq!(wrong.deviations[0].line, 11, "the line of the step, and not of the row");
    let show = smcheck(here.path(), &["report", "show", "r.json", "--report", "json=again.json"]);
    assert_eq!(code(&show), 0, "{}", said(&show));
    assert_eq!(read(&here.path().join("again.json")), text);
    assert!(said(&show).contains("smallest  a/wrong (1 request)"), "{}", said(&show));
}

/// Holds a value to a schema that says what it means with a few words; a word that is not known here is an error, and so
/// is a member that the schema does not have.
fn hold(schema: &Value, root: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let known = [
        "$ref",
        "$schema",
        "$defs",
        "title",
        "description",
        "type",
        "required",
        "properties",
        "items",
        "enum",
        "const",
        "pattern",
        "minimum",
        "minLength",
        "anyOf",
    ];
    let words = schema.as_object().expect("a schema is a map");
    wrong.extend(
        words.keys().filter(|word| !known.contains(&word.as_str())).map(|word| format!("word {word}")),
    );
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).expect("it is there");
        hold(target, root, value, at, wrong);
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let fits = |way: &Value| {
            let mut wrong = Vec::new();
            hold(way, root, value, at, &mut wrong);
            wrong.is_empty()
        };
        if !ways.iter().any(fits) {
            wrong.push(format!("{at}: {value} fits none"));
        }
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type {other}"),
    };
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        wrong.push(format!("{at}: {value} is none of {types:?}"));
    }
    if schema.get("const").is_some_and(|only| only != value)
        || schema["enum"].as_array().is_some_and(|all| !all.contains(value))
    {
        wrong.push(format!("{at}: {value} is another value"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !regex::Regex::new(pattern).expect("it is one").is_match(text)
    {
        wrong.push(format!("{at}: {text} does not match {pattern}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    if let (Some(members), Some(map)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, inner) in map {
            match members.get(name) {
                Some(schema) => hold(schema, root, inner, &format!("{at}.{name}"), wrong),
                None => wrong.push(format!("{at}: {name} is not in the schema")),
            }
        }
    }
    if let (Some(schema), Some(entries)) = (schema.get("items"), value.as_array()) {
        for (number, entry) in entries.iter().enumerate() {
            hold(schema, root, entry, &format!("{at}[{number}]"), wrong);
        }
    }
}

#[test]
fn reports_are_what_the_published_schema_says() {
    let here = some();
    let printed = smcheck(here.path(), &["schema", "--report"]);
    let schema: Value = serde_json::from_slice(&printed.stdout).expect("it is JSON");
    for arguments in [&[][..], &["--partition", "slice:2/2", "--retries", "1"]] {
        let run = smcheck(here.path(), &[&["run", "--report", "json=r.json"], arguments].concat());
        assert_eq!(code(&run), 1, "{}", said(&run));
        let report: Value = serde_json::from_str(&read(&here.path().join("r.json"))).expect("it is JSON");
        let mut wrong = Vec::new();
        hold(&schema, &schema, &report, "report", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
        let mut spoiled = report.clone();
        spoiled["runs"][0]["scenarios"][0]["status"] = "fine".into();
        hold(&schema, &schema, &spoiled, "report", &mut wrong);
        assert_eq!(wrong.len(), 1, "{wrong:#?}");
    }
}

#[test]
fn parts_put_together_are_the_whole() {
    let here = some();
    let path = |name: &str| here.path().join(name);
    assert_eq!(code(&smcheck(here.path(), &["run", "--report", "json=whole.json"])), 1);
    for part in 1..=2 {
        let run = smcheck(
            here.path(),
            &["run", "--partition", &format!("slice:{part}/2"), "--report", &format!("json=p{part}.json")],
        );
        assert!(code(&run) <= 1, "{}", said(&run));
    }
    let merge =
        |files: &[&str]| smcheck(here.path(), &[&["report", "merge", "--out", "m.json"], files].concat());
    let merged = merge(&["p2.json", "p1.json"]);
    assert_eq!(code(&merged), 1, "as the run of the whole: {}", said(&merged));
    let (whole, merged) = (json::read(&read(&path("whole.json"))), json::read(&read(&path("m.json"))));
    let (whole, merged) = (whole.expect("a report"), merged.expect("a report"));
    assert_eq!(merged.part, None);
    assert_eq!(merged.runs[0].causes, whole.runs[0].causes);
    assert_eq!(merged.runs[0].totals(), whole.runs[0].totals());
    let ids = |of: &json::Written| of.runs[0].verdicts.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&merged), ids(&whole));

    std::fs::remove_file(path("m.json")).expect("it is there");
    let alone = merge(&["p1.json"]);
    assert_eq!(code(&alone), 2);
    assert!(said(&alone).contains("there is no report of slice:2/2"), "{}", said(&alone));
    assert!(!path("m.json").exists(), "nothing is written");
    let forced = smcheck(here.path(), &["report", "merge", "p1.json", "--force", "--out", "m.json"]);
    assert!(code(&forced) <= 1, "{}", said(&forced));

    let text = read(&path("whole.json"));
    let changed = text.replace("\"status\": \"passed\"", "\"status\": \"near\"");
    std::fs::write(path("other.json"), &changed).expect("it can be written");
    let disagree = merge(&["whole.json", "other.json"]);
    assert_eq!(code(&disagree), 2);
    assert!(
        said(&disagree).contains("`a/right` on embedded is passed in whole.json and near in other.json"),
        "{}",
        said(&disagree)
    );
    let version = format!("\"smcheck\": \"{}\"", env!("CARGO_PKG_VERSION"));
    std::fs::write(path("old.json"), text.replace(&version, "\"smcheck\": \"0.0.9\""))
        .expect("it can be written");
    let versions = merge(&["whole.json", "old.json"]);
    assert_eq!(code(&versions), 2);
    assert!(said(&versions).contains("old.json of 0.0.9"), "{}", said(&versions));
}

#[test]
fn what_is_no_report_is_a_sentence_and_exit_2() {
    let here = some();
    for (name, text) in [
        ("empty.json", ""),
        ("list.json", "[]"),
        ("newer.json", r#"{"schema": 2, "runs": {}}"#),
        ("half.json", r#"{"schema": 1, "smcheck": "0.1.0", "runs": [{"target": {}}]}"#),
        ("none.json", r#"{"schema": 1, "smcheck": "0.1.0", "runs": []}"#),
    ] {
        std::fs::write(here.path().join(name), text).expect("it can be written");
        for arguments in [
            vec!["report", "show", name],
            vec!["report", "merge", name, "--out", "m.json"],
            vec!["report", "diff", name, name],
        ] {
            let run = smcheck(here.path(), &arguments);
            assert_eq!(code(&run), 2, "{arguments:?}: {}", said(&run));
            let told = said(&run);
            assert!(told.contains(name) || told.contains("nothing ran"), "{arguments:?}: {told}");
        }
    }
    let missing = smcheck(here.path(), &["report", "show", "nowhere.json"]);
    assert_eq!(code(&missing), 2);
    assert!(said(&missing).contains("cannot read nowhere.json"), "{}", said(&missing));
    let kind = smcheck(here.path(), &["report", "diff", "list.json", "list.json", "--report", "junit=x.xml"]);
    assert_eq!(code(&kind), 2);
    assert!(said(&kind).contains("a report here is markdown=FILE, for"), "{}", said(&kind));
}

#[test]
fn what_broke_and_what_was_fixed_is_told() {
    let here = some();
    assert_eq!(code(&smcheck(here.path(), &["run", "--report", "json=old.json"])), 1);
    let write = |id: &str, text: &str| {
        let path = here.path().join(format!("scenarios/{id}.yaml"));
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    let same = smcheck(here.path(), &["report", "diff", "old.json", "old.json"]);
    assert_eq!(code(&same), 0, "{}", said(&same));
    assert!(said(&same).contains("0 broke, 0 fixed, 2 still fail"), "{}", said(&same));
    assert!(!said(&same).contains("cause"), "{}", said(&same));

    write("a/wrong", &asks("It is not there either", "ResourceNotFoundException"));
    write("c/new", &asks("It is new and wrong", "InvalidRequestException"));
    assert_eq!(code(&smcheck(here.path(), &["run", "--report", "json=fixed.json"])), 1);
    let fixed = smcheck(here.path(), &["report", "diff", "old.json", "fixed.json"]);
    assert_eq!(code(&fixed), 0, "what is new broke nothing: {}", said(&fixed));
    assert!(said(&fixed).contains("1 fixed\n  a/wrong  deviated → passed\n"), "{}", said(&fixed));
    assert!(
        said(&fixed).contains("1 only in the new report\n  c/new  deviated: GetSecretValue code: "),
        "{}",
        said(&fixed)
    );

    let broke =
        smcheck(here.path(), &["report", "diff", "fixed.json", "old.json", "--report", "markdown=d.md"]);
    assert_eq!(code(&broke), 1);
    let told = said(&broke);
    assert!(
        told.contains("1 broke\n  a/wrong  passed → deviated: GetSecretValue code: expected InvalidRequestException, got"),
        "{told}"
    );
    assert!(told.contains("1 only in the old report\n  c/new\n"), "{told}");
    let page = read(&here.path().join("d.md"));
    assert!(page.starts_with("## smcheck: ❌ Something broke\n"), "{page}");
    assert!(page.contains("<summary>1 broke</summary>") && page.contains("- `a/wrong`: `passed"), "{page}");

    std::fs::remove_dir_all(here.path().join("scenarios")).expect("it is there");
    std::fs::create_dir(here.path().join("scenarios")).expect("it can be made");
    write("z", &asks("Something else", "ResourceNotFoundException"));
    assert_eq!(code(&smcheck(here.path(), &["run", "--report", "json=else.json"])), 0);
    let nothing = smcheck(here.path(), &["report", "diff", "old.json", "else.json"]);
    assert_eq!(code(&nothing), 2);
    assert!(said(&nothing).contains("no scenario of one target in common"), "{}", said(&nothing));
}

#[test]
fn annotations_stand_at_the_line_of_the_step() {
    let here = some();
    let summary = here.path().join("summary.md");
    std::fs::write(&summary, "before\n").expect("it can be written");
    let run = command(here.path())
        .args(["run", "--report", "github"])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_WORKSPACE", here.path())
        .output()
        .expect("it was built");
    assert_eq!(code(&run), 1);
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    let notes: Vec<&str> = out.lines().filter(|line| line.starts_with("::")).collect();
    let lines = |file: &str| read(&here.path().join(file)).lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(!notes.is_empty(), "{out}");
    for note in &notes {
        let (head, _) = note[2..].split_once("::").expect("a command has two parts");
        assert!(head.starts_with("error "), "{note}");
        let property = |name: &str| {
            let (_, rest) = head.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("{name}: {note}"));
            rest.split(',').next().expect("there is one").to_owned()
        };
        let line: usize = property("line").parse().expect("a number");
        assert_eq!(lines(&property("file"))[line - 1].trim(), "- do: GetSecretValue", "{note}");
        assert!(property("title").starts_with("embedded%3A "), "{note}");
    }
    let page = read(&summary);
    assert!(page.starts_with("before\n## smcheck on `embedded"), "what was there stays: {page}");
    // The second case of a file is its step's line too.
    let case = smcheck(here.path(), &["run", "b/cases", "--report", "github"]);
    assert!(said(&case).contains("::error file=scenarios/b/cases.yaml,line=11,"), "{}", said(&case));
}

#[test]
fn github_shows_ten_and_the_tenth_says_how_many_more() {
    let codes =
        ["ValidationException", "InvalidParameterException", "AccessDeniedException", "InternalServiceError"];
    let operations = ["GetSecretValue", "DescribeSecret", "ListSecretVersionIds", "DeleteSecret"];
    let scenarios: Vec<(String, String)> = operations
        .iter()
        .flat_map(|operation| {
            codes.iter().map(move |code| {
                (
                    format!("{operation}-{code}"),
                    asks("It is there", code).replace("GetSecretValue\n", &format!("{operation}\n")),
                )
            })
        })
        .collect();
    let scenarios: Vec<(&str, &str)> =
        scenarios.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let here = folder(&scenarios);
    let run = smcheck(here.path(), &["run", "--report", "github"]);
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    let errors: Vec<&str> = out.lines().filter(|line| line.starts_with("::error ")).collect();
    assert!(code(&run) == 1 && errors.len() == 10, "{}", said(&run));
    assert!(errors[9].contains("more annotations than GitHub shows"), "{}", errors[9]);
}

#[test]
fn markdown_leads_with_the_causes_and_keeps_to_its_length() {
    let here = some();
    let run = smcheck(here.path(), &["run", "--report", "markdown=r.md"]);
    assert_eq!(code(&run), 1);
    let page = read(&here.path().join("r.md"));
    assert!(page.starts_with("## smcheck on `embedded"), "{page}");
    assert!(page.contains("❌ 2 scenarios fail"), "{page}");
    let (causes, details) =
        (page.find("### 1 cause").expect("causes"), page.find("<details>").expect("details"));
    assert!(causes < details, "{page}");
    assert!(page.contains("| none | 2 | 50.0 % |"), "{page}");
    assert!(page.contains("1 skipped"), "{page}");

    let many: Vec<(String, String)> = (0..400)
        .map(|at| (format!("many/{at:03}"), asks(&format!("Number {at}"), "InvalidRequestException")))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
    let here = folder(&many);
    let run = smcheck(here.path(), &["run", "--report", "markdown=r.md"]);
    assert_eq!(code(&run), 1);
    let page = read(&here.path().join("r.md"));
    assert!(page.len() < 65_536, "{}", page.len());
    assert!(
        page.contains("more did not fit here; the JSON report holds them"),
        "the end of it is {}",
        &page[page.len() - 300..]
    );
    assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(out.lines().nth(2).is_some_and(|line| line == "1 cause, by scenarios affected"), "{out}");
    assert!(out.lines().count() < 120, "many that fail have a line each: {}", out.lines().count());
}
