"""The vocabulary of the program, and data packages in and out."""

from reshore.data.files import check_package, read_package
from reshore.data.package import About, DataPackage, build_package
from reshore.data.schema import TABLES, table
from reshore.data.write import package_files, write_files, write_package

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
