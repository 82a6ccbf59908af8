"""``python -m perigee_api.generate``: writes the generated files, or checks them.

Run it in the root of the checkout.
"""

import argparse
import sys
from pathlib import Path

from perigee_api.generate.documents import differences, documents


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit status is 1 where ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m perigee_api.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; tell what differs")
    parser.add_argument(
        "--root", type=Path, default=Path(), help="root of the checkout (default: here)"
    )
    options = parser.parse_args(arguments)
    if not (options.root / "crds").is_dir():
        parser.error(f"{options.root.resolve()} has no folder crds: not the root of a checkout")
    generated = documents()
    if options.check:
        found = list(differences(options.root, generated))
        for difference in found:
            sys.stderr.write(f"{difference}\n")
        if found:
            sys.stderr.write("Run `make generate` and commit what it writes.\n")
        return 1 if found else 0
    for path, text in generated.items():
        file = options.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
