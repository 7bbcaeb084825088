-- What tests need of a new server: a user of their own, who may do what they like to databases of these names and no more.
CREATE DATABASE IF NOT EXISTS app;
CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'app';
GRANT ALL ON app.* TO 'app'@'%';
GRANT BINLOG MONITOR ON *.* TO 'app'@'%';
GRANT ALL ON `aquifer\_test\_%`.* TO 'app'@'%';
-- Reads the binary log.
CREATE USER IF NOT EXISTS 'cdc'@'%' IDENTIFIED BY 'cdc';
GRANT SELECT, RELOAD, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'cdc'@'%';
