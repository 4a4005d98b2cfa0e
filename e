timeout: failed to run command ‘../gr’: No such file or directory
