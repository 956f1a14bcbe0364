#!/usr/bin/env python3
"""Say who Apache says that somebody is."""

import json
import os

print("Content-Type: application/json\n")
print(json.dumps({"name": os.environ.get("REMOTE_USER"), "mobile": os.environ.get("mobile")}))
