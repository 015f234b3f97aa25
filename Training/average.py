"""Mean of talkers trained apart from one start, with other seeds: python average.py OUT.pt A.pt B.pt ..."""
import sys

import common


def main():
    parts = [common.restore(p) for p in sys.argv[2:]]
    model = {k: sum(p["model"][k].float() for p in parts) / len(parts) for k in parts[0]["model"]}
    common.save(sys.argv[1], model=model, aux=parts[0]["aux"], step=max(p["step"] for p in parts))


if __name__ == "__main__":
    main()
