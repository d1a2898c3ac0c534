"""The vocabulary of the program, and data packages in and out."""

from reshore.data.files import check_package, package_files, read_package, write_files, write_package
from reshore.data.package import About, DataPackage, build_package
from reshore.data.schema import TABLES, table

__all__ = [
    "TABLES",
    "About",
    "DataPackage",
    "build_package",
    "check_package",
    "package_files",
    "read_package",
    "table",
    "write_files",
    "write_package",
]
