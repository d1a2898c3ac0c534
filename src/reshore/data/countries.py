from reshore.countries import *  # noqa: F403
from reshore.countries import country_code, country_name  # noqa: F401
