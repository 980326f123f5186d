# Every library that Tymbal links, all from Debian 12's packages. scripts/packages lists the packages;
# docs/dependencies.md says why each is there.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# Not by pkg-config: its flags switch on SIMDJSON_THREADS_ENABLED, a hidden second thread for each
# parser; Tymbal has its own threads.
find_library(SIMDJSON_LIBRARY simdjson REQUIRED)
find_path(SIMDJSON_INCLUDE_DIR simdjson.h REQUIRED)
add_library(tymbal_simdjson INTERFACE)
target_include_directories(tymbal_simdjson SYSTEM INTERFACE ${SIMDJSON_INCLUDE_DIR})
target_link_libraries(tymbal_simdjson INTERFACE ${SIMDJSON_LIBRARY})

find_library(CCTZ_LIBRARY cctz REQUIRED)  # Time zones; brings no CMake or pkg-config file.

# The C client of ZooKeeper with threads of its own; brings no CMake or pkg-config file.
find_library(ZOOKEEPER_LIBRARY zookeeper_mt REQUIRED)
find_path(ZOOKEEPER_INCLUDE_DIR zookeeper/zookeeper.h REQUIRED)
add_library(tymbal_zookeeper_mt INTERFACE)
target_include_directories(tymbal_zookeeper_mt SYSTEM INTERFACE ${ZOOKEEPER_INCLUDE_DIR})
target_compile_definitions(tymbal_zookeeper_mt INTERFACE THREADED)
target_link_libraries(tymbal_zookeeper_mt INTERFACE ${ZOOKEEPER_LIBRARY})

# MySQL Connector/C++ 1.1 on libmariadb; brings no CMake or pkg-config file either.
find_library(MYSQLCPPCONN_LIBRARY mysqlcppconn REQUIRED)
find_path(MYSQLCPPCONN_INCLUDE_DIR mysql_driver.h REQUIRED)
add_library(tymbal_mysqlcppconn INTERFACE)
target_include_directories(tymbal_mysqlcppconn SYSTEM INTERFACE ${MYSQLCPPCONN_INCLUDE_DIR})
target_link_libraries(tymbal_mysqlcppconn INTERFACE ${MYSQLCPPCONN_LIBRARY})
