"""An Airflow home of its own for the tests: never the user's ~/airflow, no examples, SQLite.

Importing this module before Airflow is enough. The settings stand in a file and not in the
environment, because other tests hand their environment to a real Airflow.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="trainyard-airflow-home-"))

SETTINGS = f"""\
[core]
dags_folder = {REPOSITORY / "dags"}
plugins_folder = {REPOSITORY / "plugins"}
load_examples = False
simple_auth_manager_all_admins = True
[database]
sql_alchemy_conn = sqlite:///{HOME / "airflow.db"}
"""

(HOME / "airflow.cfg").write_text(SETTINGS)
os.environ["AIRFLOW_HOME"] = str(HOME)
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
