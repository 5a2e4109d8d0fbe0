"""Validates files: JUnit reports by the XML schema beside this file, JSON reports by the JSON Schema that is named.

    validate.py xml FILE…
    validate.py json SCHEMA FILE…
"""

import json
import pathlib
import sys


def main() -> int:
    kind, *files = sys.argv[1:]
    wrong = 0
    if kind == "xml":
        import xmlschema

        schema = xmlschema.XMLSchema(pathlib.Path(__file__).with_name("junit-10.xsd"))
        errors = lambda file: [f"{error.path}: {error.reason}" for error in schema.iter_errors(file)]
    else:
        import jsonschema

        shape = json.loads(pathlib.Path(files.pop(0)).read_text())
        jsonschema.Draft202012Validator.check_schema(shape)
        validator = jsonschema.Draft202012Validator(shape)
        read = lambda file: json.loads(pathlib.Path(file).read_text())
        errors = lambda file: [f"{error.json_path}: {error.message}" for error in validator.iter_errors(read(file))]
    if not files:
        print("no file was named", file=sys.stderr)
        return 2
    for file in files:
        for error in errors(file):
            wrong += 1
            print(f"{file}: {error}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
